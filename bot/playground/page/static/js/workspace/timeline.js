/* A list of messages with its day lines, its "New" line, and messages of one author drawn together. */

import { h, keyed } from "../dom.js";
import { dayName, dayNumber, momentOf } from "../moments.js";
import { store } from "../store.js";
import { keepFocus } from "../ui/focus.js";
import { contextVersion } from "./context.js";
import { renderMessage } from "./message.js";

const TOGETHER_SECONDS = 300;
const NEAR_THE_END = 80;

/** A scrolling list that stays at its end when it was there. */
export class Timeline {
  constructor(pane, label) {
    this.pane = pane;
    this.list = h("div", { class: "timeline-list" });
    this.element = h("div", { class: "timeline", role: "log", "aria-label": label, tabindex: "0" }, this.list);
    this.stick = true;
    this.height = 0;
    this.element.addEventListener("scroll", () => this.scrolled(), { passive: true });
    const resized = new ResizeObserver(() => {
      this.height = this.element.clientHeight;
      if (this.stick) this.toEnd();
    });
    for (const element of [this.list, this.element]) resized.observe(element);
  }

  /** Show these messages, oldest first; `repliesOf(ts)` lists a parent's replies, `newAfter` is where the "New" line goes. */
  show(messages, { repliesOf = () => [], inThread = false, newAfter = null } = {}) {
    const zone = this.pane.zone();
    const around = `${dayNumber(store.now(), zone)}|${contextVersion()}`;
    const drawn = rows(messages, { repliesOf, inThread, newAfter, zone, edited: this.pane.editing?.ts });
    const draw = () =>
      keyed(this.list, drawn, {
        key: (row) => row.key,
        version: (row) => `${row.version}|${around}`,
        render: (row) => (row.entry ? renderMessage(this.pane, row.entry) : line(row)),
      });
    keepFocus(this.list, draw, this.element);
    if (this.stick) this.toEnd();
  }

  /** Somebody scrolled, or the browser did because the room got lower. */
  scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    if (clientHeight === this.height) this.stick = scrollHeight - scrollTop - clientHeight < NEAR_THE_END;
  }

  toEnd() {
    this.element.scrollTop = this.element.scrollHeight;
  }
}

function rows(messages, { repliesOf, inThread, newAfter, zone, edited }) {
  const count = messages.filter((message) => !message.is_ephemeral).length - 1;
  const found = [];
  let before = null;
  for (const message of messages) {
    const day = dayNumber(momentOf(message.ts), zone);
    const newDay = !inThread && (!before || dayNumber(momentOf(before.ts), zone) !== day);
    if (newDay) found.push({ key: `day-${day}`, version: day, day: dayName(momentOf(message.ts), store.now(), zone) });
    const isNew = newAfter && message.ts > newAfter && (!before || before.ts <= newAfter);
    if (isNew) found.push({ key: "new", version: newAfter, fresh: true });
    const replies = repliesOf(message.ts);
    const first = inThread && count > 0 && before === messages[0];
    if (first) found.push({ key: "replies", version: count, count });
    const compact = !newDay && !isNew && !first && together(before, message) && !repliesOf(before.ts).length;
    const version = `${message.seq}|${compact}|${replies.length}|${replies.at(-1)?.ts ?? ""}|${message.ts === edited}`;
    found.push({ key: message.ts, version, entry: { message, compact, replies, inThread } });
    before = message;
  }
  return found;
}

function together(before, message) {
  return (
    before &&
    before.user === message.user &&
    !before.is_ephemeral === !message.is_ephemeral &&
    Number(message.ts) - Number(before.ts) < TOGETHER_SECONDS
  );
}

function line(row) {
  if (row.count) return h("div", { class: "line line-replies" }, h("span", null, row.count === 1 ? "1 reply" : `${row.count} replies`));
  return h("div", { class: row.fresh ? "line line-new" : "line" }, h("span", null, row.fresh ? "New" : row.day));
}
