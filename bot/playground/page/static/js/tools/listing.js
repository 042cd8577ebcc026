/* What the inspector's lists share: asking for what is new while they are open, and one row being the current one. */

import { get } from "../api.js";

/** Asks `path` for what came after the last answer, one question at a time, while it is open. */
export class Follower {
  constructor(path, { take, failed }) {
    this.path = path;
    this.take = take;
    this.failed = failed;
    this.isOpen = false;
    this.since = 0;
    this.busy = false;
    this.again = false;
  }

  open() {
    this.isOpen = true;
    this.look();
  }

  close() {
    this.isOpen = false;
  }

  /** Ask now, or once more when the answer under way is there. */
  async look() {
    if (!this.isOpen) return;
    if (this.busy) {
      this.again = true;
      return;
    }
    this.busy = true;
    try {
      this.take(await get(this.path, { since: this.since }));
    } catch (problem) {
      this.failed(problem);
    }
    this.busy = false;
    if (this.again) {
      this.again = false;
      this.look();
    }
  }
}

/** Let the arrow keys, Home and End walk through a list whose rows are `[data-key]`; `pick` is told the key. */
export function walkable(list, pick) {
  list.addEventListener("keydown", (event) => {
    const rows = [...list.querySelectorAll("[data-key]:not([hidden])")];
    const at = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
    const wanted = { ArrowDown: at + 1, ArrowUp: at < 0 ? 0 : at - 1, Home: 0, End: rows.length - 1 }[event.key];
    const row = wanted === undefined ? null : rows[Math.max(0, Math.min(wanted, rows.length - 1))];
    if (!row) return;
    event.preventDefault();
    pick(row.dataset.key);
    row.scrollIntoView({ block: "nearest" });
  });
}
