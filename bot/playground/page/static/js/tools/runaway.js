/* A script gone mad: it runs in the playground, so a page that is opened again finds it running. What is said of it
   is what the playground says; the page only chooses the key. */

import { announce, fill, h, icon } from "../dom.js";
import { nameOf } from "../names.js";
import { counted, dollars, masked } from "./words.js";

const RUNNING = "running";
const IDLE = "Calls mock-expensive with the key over and over, for about $15 a minute, until the gateway turns the key away.";

/** Its part of the "Break things" panel, and a chip with the meter in the top bar. `ask` posts and says what failed. */
export class Runaway {
  constructor(app, ask) {
    this.app = app;
    this.ask = ask;
    this.was = null;
    this.meter = h("span", { class: "broken-what" });
    this.end = h("button", { type: "button", class: "broken-mend", onclick: () => this.stopOrDismiss() });
    this.chip = h("div", { class: "broken", role: "group", "aria-label": "Runaway script", hidden: true }, icon("warning"), this.meter, this.end);
  }

  section() {
    this.which = h("select", { class: "breaks-select", "aria-label": "Whose key it uses" });
    this.go = h("button", { type: "button", class: "button", onclick: () => (this.isRunning ? this.tell("stop") : this.start()) });
    this.line = h("p", { class: "breaks-line" });
    return h("section", null, h("h3", null, "A runaway script"), this.line, h("div", { class: "breaks-row" }, this.which, this.go));
  }

  get run() {
    return this.app.store.world?.runaway ?? null;
  }

  get isRunning() {
    return this.run?.how === RUNNING;
  }

  show() {
    const { run } = this;
    this.notice(run);
    this.chip.hidden = !run;
    if (run) {
      fill(this.meter, summary(run));
      fill(this.end, this.isRunning ? "Stop" : "Dismiss");
      this.end.setAttribute("aria-label", this.isRunning ? "Stop the runaway script" : "Dismiss the runaway script");
    }
    if (this.line?.isConnected) this.showSection(run);
  }

  showSection(run) {
    this.offer();
    fill(this.go, this.isRunning ? "Stop it" : "Let it run");
    this.go.disabled = !this.isRunning && !this.app.keys.length;
    this.which.disabled = this.isRunning || !this.app.keys.length;
    if (run) this.line.textContent = details(run);
    else this.line.textContent = this.app.keys.length ? IDLE : "No key was revealed on this page yet. Reveal one first.";
  }

  /** The keys revealed on this page, the last one first; what was chosen stays chosen. */
  offer() {
    const { keys } = this.app;
    if (this.which.options.length === keys.length) return;
    const chosen = this.which.value;
    const options = [...keys].reverse().map(({ secret, person }) => {
      const name = nameOf(this.app.store.userNamed(person), person);
      return h("option", { value: secret }, `${masked(secret)} of ${name}`);
    });
    fill(this.which, options);
    if (keys.some(({ secret }) => secret === chosen)) this.which.value = chosen;
  }

  /** Screen readers hear of a beginning and an end, not of every dollar. */
  notice(run) {
    const now = run ? `${run.label} ${run.how}` : "";
    if (this.was !== null && now !== this.was && run) announce(`Runaway script: ${summary(run)}`);
    this.was = now;
  }

  start() {
    this.tell("start", { key: this.which.value });
  }

  stopOrDismiss() {
    this.tell(this.isRunning ? "stop" : "dismiss");
  }

  async tell(what, more = {}) {
    const answer = await this.ask("runaway", { do: what, ...more });
    if (answer) this.app.store.world.runaway = answer.runaway;
    this.show();
  }
}

function summary({ how, label, spent_usd: spent }) {
  const ends = { running: "is spending", refused: "was turned away after", stopped: "stopped after", tired: "gave up after" };
  return `${label} ${ends[how]} ${cents(spent)}`;
}

function details(run) {
  const calls = `${counted(run.answered, "call")} answered for ${cents(run.spent_usd)}`;
  if (run.how === "refused") return `${run.label}: ${calls}. Then the gateway answered 401: the key is off.`;
  if (run.how === "stopped") return `${run.label}: ${calls}. You stopped it; the key still works.`;
  if (run.how === "tired") return `${run.label}: ${calls}. It gave up by itself.`;
  const trouble = run.status ? `turned away ${counted(run.refused, "time")} (${run.status})` : "no answer";
  return `${run.label}: ${calls}${run.refused ? `, ${trouble}, and it tries on` : " so far"}.`;
}

function cents(usd) {
  return usd >= 1 ? `$${usd.toFixed(2)}` : dollars(usd);
}
