/* The inspector's "Ledger": the append-only rows as they are written, and whether their hash chain is whole. */

import { fill, h, icon, keyed } from "../dom.js";
import { dayAndMonth, shortMoment, timeOfDay } from "../moments.js";
import { nameOfId } from "../names.js";
import { Follower } from "./listing.js";
import { dollars, zoneOf } from "./words.js";

const MOST = 300;
const FRESH_MS = 2400;
const HEADS = ["#", "When", "Who", "What", "About", "Amount", "Chain"];

/** A dock panel; `labels` knows keys by their ids. */
export class Ledger {
  constructor(host, app, labels) {
    this.app = app;
    this.labels = labels;
    this.rows = [];
    this.seen = 0;
    this.follower = new Follower("ledger", { take: (answer) => this.take(answer), failed: (problem) => this.state("insp-soft", problem.message) });
    this.top = h("p", { class: "insp-state", role: "status" }, "Reading the ledger…");
    this.problems = h("div", { class: "insp-odd", hidden: true });
    this.body = h("tbody");
    const head = h("thead", null, h("tr", null, HEADS.map((name) => h("th", { scope: "col", class: name === "Amount" || name === "#" ? "insp-num" : null }, name))));
    const table = h("table", { class: "insp-table insp-ledger" }, h("caption", { class: "unseen" }, "The ledger, newest first"), head, this.body);
    this.scroller = h("div", { class: "insp-scroll", tabindex: "0", role: "region", "aria-label": "Ledger rows" }, table);
    host.append(h("div", { class: "insp" }, h("div", { class: "insp-bar" }, this.top), this.problems, this.scroller));
    app.on("watch", () => this.news());
    labels.onchange(() => this.draw());
  }

  open() {
    this.follower.open();
    this.labels.look();
    this.app.emit("looked", "ledger");
  }

  close() {
    this.follower.close();
  }

  /** A playground that starts again may have begun another ledger. */
  news() {
    if (!this.app.store.online) {
      this.follower.since = this.seen = 0;
      this.rows = [];
    }
    this.follower.look();
  }

  take({ rows, verified, problems }) {
    const isFirst = this.seen === 0;
    if (rows.length) this.follower.since = rows.at(-1).seq;
    this.rows = [...this.rows, ...rows.map((row) => ({ ...row, seenAt: isFirst ? 0 : Date.now() }))].slice(-MOST);
    this.seen = this.follower.since;
    if (rows.some((row) => row.key_id && !this.labels.of(row.key_id))) this.labels.look();
    this.say(verified, problems);
    this.draw();
  }

  say(verified, problems) {
    const rows = this.seen.toLocaleString("en-US");
    if (verified) this.state("insp-good", `The chain of ${rows} rows is whole, and the books agree with it.`, "check");
    else this.state("insp-bad", "The chain is broken.", "warning");
    this.problems.hidden = verified || !problems.length;
    fill(this.problems, verified ? [] : problems.map((line) => h("p", null, line)));
  }

  state(kind, text, sign) {
    if (this.top.textContent === text) return;
    this.top.className = `insp-state ${kind}`;
    fill(this.top, sign && icon(sign), text);
  }

  draw() {
    if (!this.follower.isOpen) return;
    const version = (row) => `${this.labels.of(row.key_id)}|${zoneOf(this.app)}`;
    keyed(this.body, [...this.rows].reverse(), { key: (row) => row.seq, version, render: (row) => this.row(row) });
  }

  row(row) {
    const zone = zoneOf(this.app);
    const when = h("time", { datetime: row.at, title: `${shortMoment(row.at, zone)} ${zone}` }, `${dayAndMonth(row.at, zone)} ${timeOfDay(row.at, zone)}`);
    const amount = row.amount_micros === null ? "" : dollars(row.amount_micros / 1e6);
    const chain = h("span", { title: `${row.prev_hash}\n→ ${row.hash}` }, `${row.prev_hash.slice(0, 6)} → ${row.hash.slice(0, 6)}`);
    const cells = [row.seq, when, this.who(row.actor), h("code", null, row.action), this.about(row)];
    const shown = cells.map((cell, index) => h("td", { class: index === 0 ? "insp-num insp-soft" : null }, cell));
    return h("tr", { class: Date.now() - row.seenAt < FRESH_MS ? "insp-new" : null }, shown, h("td", { class: "insp-num" }, amount), h("td", { class: "insp-chain" }, chain));
  }

  who(id) {
    return id === "purser" ? "Purser" : nameOfId(this.app, id);
  }

  about(row) {
    const member = row.member_id && row.member_id !== row.actor ? this.who(row.member_id) : "";
    return [this.labels.of(row.key_id), member, row.reason].filter(Boolean).join(" · ");
  }
}
