/* The inspector's "Payloads": every message between Slack and the bot, newest first, keys masked. */

import { fill, h, icon, keyed } from "../dom.js";
import { timeOfDay } from "../moments.js";
import { nameOfId } from "../names.js";
import { copy } from "../ui/clipboard.js";
import { renderJson } from "./json.js";
import { Follower, walkable } from "./listing.js";
import { counted, withoutKeys, zoneOf } from "./words.js";

const MOST = 300;

/** A dock panel. */
export class Payloads {
  constructor(host, app) {
    this.app = app;
    this.entries = [];
    this.violations = [];
    this.chosen = null;
    this.asked = false;
    this.typed = "";
    this.follower = new Follower("journal", { take: (answer) => this.take(answer), failed: (problem) => this.complain(problem.message) });
    const asks = { "aria-label": "Filter payloads", placeholder: "Filter: a method, a name, any text" };
    this.filter = h("input", { type: "search", class: "insp-filter", ...asks, oninput: () => this.narrow() });
    this.count = h("span", { class: "insp-state", role: "status" });
    this.odd = h("div", { class: "insp-odd", hidden: true });
    this.list = h("div", { class: "insp-list", role: "listbox", tabindex: "0", "aria-label": "Payloads, newest first" });
    this.detail = h("div", { class: "insp-detail", tabindex: "0", role: "group", "aria-label": "The payload" });
    walkable(this.list, (key) => this.choose(Number(key)));
    const bar = h("div", { class: "insp-bar" }, this.filter, this.count);
    host.append(h("div", { class: "insp" }, bar, this.odd, h("div", { class: "insp-split" }, this.list, this.detail)));
    app.on("watch", () => this.news());
  }

  open() {
    this.follower.since ||= Math.max(0, (this.app.store.world?.journal_seq ?? 0) - MOST);
    this.follower.open();
    this.draw();
  }

  close() {
    this.follower.close();
  }

  news() {
    const newest = this.app.store.world?.journal_seq ?? 0;
    if (newest < this.follower.since || !this.app.store.online) this.forget();
    if (newest !== this.follower.since) this.follower.look();
  }

  /** A playground that starts again counts its payloads from one. */
  forget() {
    this.follower.since = 0;
    this.entries = [];
    this.chosen = null;
  }

  take({ entries, violations }) {
    this.asked = true;
    if (entries.length) this.follower.since = entries.at(-1).seq;
    this.entries = [...this.entries, ...entries.slice(-MOST).map((entry) => this.searchable(entry))].slice(-MOST);
    this.violations = violations;
    if (entries.length || !this.list.childElementCount) this.draw();
  }

  searchable(entry) {
    const who = this.whoOf(entry.body);
    const text = withoutKeys(`${entry.method} ${who} ${entry.status} ${JSON.stringify(entry.body)}`).toLowerCase();
    return { ...entry, who, text };
  }

  /** Who did it, or whom or where it is for. */
  whoOf(body) {
    const id = body.user_id ?? body.user?.id ?? body.event?.user ?? body.user ?? body.users;
    if (typeof id === "string" && id) return nameOfId(this.app, id);
    const rooms = this.app.panes.flatMap((pane) => this.app.store.screen(pane.person)?.channels ?? []);
    const room = rooms.find((one) => one.id === body.channel);
    if (!room) return "";
    return room.kind === "im" ? nameOfId(this.app, room.members.find((one) => one !== room.user)) : `#${room.name}`;
  }

  narrow() {
    this.typed = this.filter.value.trim().toLowerCase();
    this.draw();
  }

  draw() {
    if (!this.follower.isOpen) return;
    const shown = this.entries.filter((entry) => !this.typed || entry.text.includes(this.typed)).reverse();
    keyed(this.list, shown, { key: (entry) => entry.seq, version: (entry) => this.chosen === entry.seq, render: (entry) => this.row(entry) });
    if (!shown.length) fill(this.list, h("p", { class: "insp-none" }, this.nothing()));
    const refused = shown.filter(isOdd).length;
    this.count.textContent = `${counted(shown.length, "payload")}${refused ? `, ${refused} refused` : ""}`;
    this.odd.hidden = !this.violations.length;
    fill(this.odd, this.violations.slice(-3).map((line) => h("p", null, icon("warning"), line)));
    if (this.chosen === null) fill(this.detail, h("p", { class: "insp-none" }, "Choose a payload to read it. Keys are masked, but for the one view that shows a new key."));
  }

  nothing() {
    if (!this.asked) return "Reading…";
    return this.typed ? "Nothing matches." : "Nothing was sent yet.";
  }

  row(entry) {
    const out = entry.direction === "out";
    const chosen = this.chosen === entry.seq;
    const cells = [
      h("span", { class: ["insp-way", out ? "insp-out" : "insp-in"], title: out ? "To the bot" : "From the bot" }, out ? "→ bot" : "← bot"),
      h("span", { class: "insp-method" }, entry.method),
      h("span", { class: "insp-who" }, entry.who),
      h("span", { class: isOdd(entry) ? "insp-bad" : "insp-soft" }, [entry.status, entry.answer?.error].filter(Boolean).join(" ")),
      h("span", { class: "insp-soft insp-num" }, `${entry.duration_ms} ms`),
    ];
    return h("div", { role: "option", class: "insp-row", id: `payload-${entry.seq}`, "aria-selected": String(chosen), onclick: () => this.choose(entry.seq) }, cells);
  }

  choose(seq) {
    this.chosen = seq;
    this.list.setAttribute("aria-activedescendant", `payload-${seq}`);
    this.draw();
    const entry = this.entries.find((one) => one.seq === seq);
    if (!entry) return;
    const whole = { sent: entry.body, answer: entry.answer };
    const onclick = () => copy(JSON.stringify(whole, null, 2), "The payload");
    const copyIt = h("button", { type: "button", class: "insp-button", onclick }, icon("copy"), "Copy");
    const facts = [timeOfDay(entry.at, zoneOf(this.app)), entry.status, `${entry.duration_ms} ms`].join(" · ");
    const head = h("div", { class: "insp-detail-head" }, h("h3", null, entry.method), h("span", { class: "insp-soft" }, facts), copyIt);
    fill(this.detail, head, h("h4", null, "Sent"), renderJson(entry.body), h("h4", null, "Answer"), renderJson(entry.answer ?? {}));
    this.detail.scrollTop = 0;
  }

  complain(text) {
    this.count.textContent = text;
  }
}

function isOdd(entry) {
  return entry.status >= 400 || entry.answer?.ok === false;
}
