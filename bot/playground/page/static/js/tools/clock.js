/* The clock of the playground in the top bar, and the four ways to move it on. */

import { get, post } from "../api.js";
import { h, icon } from "../dom.js";
import { bothMoments, longMoment, shortMoment } from "../moments.js";
import { openMenu } from "../ui/popover.js";
import { zoneOf } from "./words.js";

const TICK_MS = 1000;

/** The "Clock" button; `open()` opens its menu. */
export function mount(host, app) {
  const clock = new Clock(app);
  host.append(clock.button);
  return { open: () => clock.open(), close: () => clock.close() };
}

class Clock {
  constructor(app) {
    this.app = app;
    this.moving = false;
    this.closeMenu = null;
    this.opening = false;
    this.face = h("span", { class: "clock-face" }, "…");
    const props = { type: "button", class: "bar-button clock", "aria-haspopup": "menu", "aria-expanded": "false" };
    this.button = h("button", { ...props, onclick: () => this.toggle() }, icon("clock"), this.face);
    setInterval(() => this.show(), TICK_MS);
    app.on("watch", () => this.show());
    app.on("panes", () => this.show());
    app.on("move", (choice) => this.move(choice));
    this.show();
  }

  show() {
    if (!this.app.store.world) return;
    const moving = this.isMoving();
    const zone = zoneOf(this.app);
    const time = shortMoment(this.app.store.now(), zone);
    const text = moving ? `Time passes: ${time} …` : time;
    if (this.face.textContent === text) return;
    this.face.textContent = text;
    this.button.classList.toggle("clock-moving", moving);
    this.button.setAttribute("aria-label", `Clock: ${text}`);
    this.button.title = moving ? "What falls due on the way happens now" : `Move time on. Times as in ${zone.replaceAll("_", " ")}`;
    this.button.setAttribute("aria-disabled", String(moving));
  }

  isMoving() {
    return this.moving || Boolean(this.app.store.world?.clock?.moving_to);
  }

  toggle() {
    if (this.button.getAttribute("aria-expanded") === "true") this.close();
    else this.open();
  }

  async open() {
    if (this.isMoving() || this.opening) return;
    this.opening = true;
    try {
      const { choices } = await get("clock");
      const zone = zoneOf(this.app);
      const items = choices.map((choice) => ({ label: choice.label, hint: bothMoments(choice.at, zone), run: () => this.move(choice) }));
      this.closeMenu = openMenu(this.button, items, { label: "Move time on", align: "end" });
    } catch (problem) {
      this.app.toast(problem.message, { kind: "error" });
    }
    this.opening = false;
  }

  close() {
    this.closeMenu?.();
    this.closeMenu = null;
  }

  async move(choice) {
    if (this.isMoving()) return;
    this.moving = true;
    this.show();
    try {
      const { now } = await post("clock", { to: choice.to });
      this.app.toast(`It is ${longMoment(now ?? this.app.store.now(), zoneOf(this.app))}`);
      this.app.emit("moved", choice);
    } catch (problem) {
      this.app.toast(problem.message, { kind: "error" });
    }
    this.moving = false;
    this.show();
  }
}
