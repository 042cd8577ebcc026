/* The inspector's "Gateway keys": what the gateway itself holds, beside what the books say. */

import { get } from "../api.js";
import { h, keyed } from "../dom.js";
import { shortMoment } from "../moments.js";
import { nameOfId } from "../names.js";
import { counted, dollars, zoneOf } from "./words.js";

const MOST = 300;
const HEADS = ["Key", "Holder", "Status", "Spent", "Cap", "Expires", "Models", "Works"];
const PREFIX = /^purser-/;
const RECENT_MS = 400;

/** The gateway's keys as last read; tells who listens when they changed. */
export class Labels {
  constructor() {
    this.keys = [];
    this.listeners = [];
    this.problem = "";
    this.busy = null;
  }

  onchange(listener) {
    this.listeners.push(listener);
  }

  /** What people call the key with this id in the books. */
  of(id) {
    const key = id && this.keys.find((one) => one.metadata?.purser?.key === id);
    return key ? labelOf(key) : "";
  }

  /** Read them again, at most once in a while. */
  look() {
    this.busy ??= this.read().finally(() => setTimeout(() => (this.busy = null), RECENT_MS));
    return this.busy;
  }

  async read() {
    const answer = await get("gateway/keys").catch((problem) => ({ problem: problem.message }));
    const before = this.problem;
    this.problem = answer.problem ?? "";
    const keys = answer.keys ?? this.keys;
    const isSame = JSON.stringify(keys) === JSON.stringify(this.keys);
    this.keys = keys;
    if (!isSame || this.problem !== before) for (const listener of this.listeners) listener();
  }
}

/** A dock panel. */
export class GatewayKeys {
  constructor(host, app, labels) {
    this.app = app;
    this.labels = labels;
    this.isOpen = false;
    this.late = null;
    this.top = h("p", { class: "insp-state", role: "status" });
    this.body = h("tbody");
    const head = h("thead", null, h("tr", null, HEADS.map((name) => h("th", { scope: "col", class: isFigure(name) ? "insp-num" : null }, name))));
    const table = h("table", { class: "insp-table" }, h("caption", { class: "unseen" }, "Keys in the gateway, newest first"), head, this.body);
    const scroller = h("div", { class: "insp-scroll", tabindex: "0", role: "region", "aria-label": "Keys in the gateway" }, table);
    host.append(h("div", { class: "insp" }, h("div", { class: "insp-bar" }, this.top), scroller));
    labels.onchange(() => this.draw());
    app.on("watch", () => this.news());
    app.on("called", () => this.news());
  }

  open() {
    this.isOpen = true;
    this.labels.look();
    this.draw();
  }

  close() {
    this.isOpen = false;
  }

  /** Read at once, and once more when things have settled. */
  news() {
    if (!this.isOpen) return;
    this.labels.look();
    clearTimeout(this.late);
    this.late = setTimeout(() => this.isOpen && this.labels.look(), RECENT_MS * 2);
  }

  draw() {
    if (!this.isOpen) return;
    const keys = [...this.labels.keys].reverse().slice(0, MOST);
    const working = keys.filter((key) => key.works).length;
    const held = keys.length ? `${counted(keys.length, "key")} in the gateway, ${working} of them working.` : "";
    this.top.textContent = this.labels.problem || held || "The gateway holds no key yet.";
    keyed(this.body, keys, { key: (key) => key.token, version: (key) => JSON.stringify(key), render: (key) => this.row(key) });
  }

  row(key) {
    const works = h("span", { class: key.works ? "insp-good" : "insp-bad" }, key.works ? "yes" : "no");
    const name = h("span", { title: key.key_alias }, h("strong", null, labelOf(key)), " ", h("span", { class: "insp-soft" }, key.key_name.replace("...", "…")));
    const spent = dollars(key.live_spend ?? key.spend);
    const holder = nameOfId(this.app, key.user_id);
    const cells = [name, holder, key.status, spent, this.cap(key), this.ends(key), this.models(key), works];
    return h("tr", null, cells.map((cell, index) => h("td", { class: isFigure(HEADS[index]) ? "insp-num" : null }, cell)));
  }

  cap(key) {
    if (key.max_budget === null) return "none";
    return `${dollars(key.max_budget)}${key.budget_duration ? ` each ${key.budget_duration}` : ""}`;
  }

  models(key) {
    return (key.models.length ? key.models : this.app.about.models).join(", ");
  }

  ends(key) {
    return key.expires ? shortMoment(key.expires, zoneOf(this.app)) : "never";
  }
}

/** What people call a key of the gateway. */
export function labelOf(key) {
  return (key.key_alias ?? "").replace(PREFIX, "") || key.key_name;
}

function isFigure(name) {
  return name === "Spent" || name === "Cap";
}
