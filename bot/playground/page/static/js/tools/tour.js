/* A guided tour in six steps: it says what to do, does it if asked, and notices by itself when it is done. */

import { announce, fill, h, icon } from "../dom.js";
import { STEPS, Trail } from "./toursteps.js";

const KEPT = "purser.tour";
const NEXT_MS = 1400;

/** The card in `host` and the "Tour" button in `bar`. It opens by itself until it was skipped or finished. */
export function mount(host, app, bar) {
  const tour = new Tour(host, app);
  bar.append(tour.button);
  if (localStorage.getItem(KEPT) !== "dismissed") tour.open({ focus: false });
  return { open: () => tour.open(), close: () => tour.close() };
}

class Tour {
  constructor(host, app) {
    this.host = host;
    this.app = app;
    this.at = 0;
    this.goingOn = null;
    this.lookingBack = false;
    this.busy = false;
    this.shown = "";
    this.trail = new Trail(app);
    const props = { type: "button", class: "bar-button", "aria-expanded": "false", onclick: () => this.open() };
    this.button = h("button", props, icon("compass"), h("span", null, "Tour"));
    for (const event of ["watch", "panes", "acted", "called", "looked", "moved", "revealed"]) app.on(event, () => this.notice());
    document.addEventListener("input", () => this.notice());
  }

  /** From the start, or where it was left. */
  open({ focus = true } = {}) {
    if (this.card) return this.heading.focus();
    if (this.at === 0) this.trail.begin();
    this.heading = h("h2", { tabindex: "-1" });
    this.text = h("p", null);
    this.doIt = h("button", { type: "button", class: "button primary tour-do", onclick: () => this.run() });
    this.tick = h("p", { class: "tour-done", hidden: true }, icon("check"), "Done");
    this.back = h("button", { type: "button", class: "tour-link", onclick: () => this.go(this.at - 1) }, "Back");
    this.next = h("button", { type: "button", class: "tour-link", onclick: () => this.goOn() });
    const named = { "aria-label": "Skip the tour", title: "Skip the tour" };
    const skip = h("button", { type: "button", class: "tour-skip", ...named, onclick: () => this.dismiss() }, icon("close"));
    const steps = h("div", { class: "tour-steps", "aria-hidden": "true" }, STEPS.map(() => h("span")));
    this.dots = [...steps.children];
    const foot = h("div", { class: "tour-foot" }, this.back, steps, this.next);
    this.card = h("aside", { class: "tour", "aria-label": "Tour" }, this.heading, this.text, h("div", { class: "tour-act" }, this.tick, this.doIt), foot, skip);
    fill(this.host, this.card);
    this.button.setAttribute("aria-expanded", "true");
    this.shown = "";
    this.notice();
    if (focus) this.heading.focus();
  }

  /** Put away; the "Tour" button brings it back. */
  close() {
    this.stopWaiting();
    const inside = this.card?.contains(document.activeElement);
    this.card = null;
    fill(this.host);
    this.button.setAttribute("aria-expanded", "false");
    if (inside) this.button.focus();
  }

  /** Put away for good, or until asked for. */
  dismiss() {
    localStorage.setItem(KEPT, "dismissed");
    this.close();
    this.at = 0;
  }

  go(step) {
    this.stopWaiting();
    this.at = Math.max(0, Math.min(step, STEPS.length - 1));
    this.lookingBack = true;
    this.shown = "";
    this.notice();
    this.heading.focus();
  }

  goOn() {
    if (this.at === STEPS.length - 1) this.dismiss();
    else this.go(this.at + 1);
  }

  async run() {
    if (this.busy) return;
    this.busy = true;
    this.doIt.disabled = true;
    try {
      await STEPS[this.at].run(this);
    } catch (problem) {
      this.app.toast(problem.message, { kind: "error" });
    }
    this.busy = false;
    this.notice();
  }

  /** Draw the step; once it is done, say so and go on, unless the visitor chose to look at it again. */
  notice() {
    if (!this.card) return;
    const step = STEPS[this.at];
    const done = Boolean(step.done(this));
    this.draw(step, done);
    if (!done) this.lookingBack = false;
    if (!done || this.lookingBack || this.goingOn) return;
    this.goingOn = setTimeout(() => this.advance(), NEXT_MS);
    announce(`${step.title}: done`);
  }

  advance() {
    if (this.at === STEPS.length - 1) return;
    this.goingOn = null;
    const focused = this.card.contains(document.activeElement);
    this.at += 1;
    this.shown = "";
    this.notice();
    announce(this.heading.textContent);
    if (focused) this.heading.focus();
  }

  stopWaiting() {
    clearTimeout(this.goingOn);
    this.goingOn = null;
  }

  draw(step, done) {
    const label = step.label(this);
    const waits = this.busy || Boolean(this.app.store.world?.clock?.moving_to);
    const version = `${this.at}|${label}|${done}|${waits}`;
    if (version === this.shown) return;
    this.shown = version;
    fill(this.heading, `${this.at + 1} of ${STEPS.length}: ${step.title}`);
    fill(this.text, step.text);
    fill(this.doIt, label);
    this.doIt.hidden = done;
    this.doIt.disabled = waits;
    this.tick.hidden = !done;
    this.back.disabled = this.at === 0;
    fill(this.next, this.at === STEPS.length - 1 ? "Finish" : "Next");
    this.dots.forEach((dot, index) => dot.classList.toggle("tour-dot-on", index <= this.at));
  }
}
