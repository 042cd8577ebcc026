/* What a visitor may break, and how it is mended: the gateway, Slack, the bot itself, people leaving, a leaked key,
   a script gone mad, a cap that somebody raised at the gateway. */

import { get, post } from "../api.js";
import { fill, h, icon } from "../dom.js";
import { castOf, nameOf } from "../names.js";
import { openPopover } from "../ui/popover.js";
import { labelOf } from "./gatewaykeys.js";
import { Runaway } from "./runaway.js";
import { dollars, masked } from "./words.js";

const TENFOLD = 10;

const SWITCHES = [
  ["gateway_down", "Gateway down", "Revealing a key says why it cannot be made yet, and /ai-budget says how old its figures are."],
  ["gateway_slow", "Gateway slow", "Every call of the gateway takes five seconds more. Slack is still answered at once."],
  ["gateway_reply_lost", "Lose the next reply", "The next key is made, but the answer never arrives. It is deleted and made anew: one key works."],
  ["gateway_over_caps", "Gateway ignores caps", "It lets keys spend on, whatever their cap; Purser counts for itself and stops them."],
  ["gateway_tells_less", "Gateway tells less", "It tells half of what was spent, so figures fall; mended, it tells all, and they are right again."],
  ["gateway_counts_twice", "Gateway counts twice", "It tells each call twice and charges it once, so limits are reached on what it tells."],
  ["slack_rate_limited", "Slack rate-limited", "Slack turns every message of the bot away. They arrive once this is off."],
  ["slack_list_foreign", "Slack lists strangers", "Its list of people is another workspace's. The next day's sweep notices, touches nobody, and asks two owners."],
];

/** The "Break things" button, its panel, and a chip in the top bar while something is broken. */
export function mount(host, app) {
  const breaks = new Breaks(app);
  host.append(breaks.button);
  host.closest(".bar-tools").before(breaks.runaway.chip, breaks.chip);
  return { open: () => breaks.open(), close: () => breaks.close() };
}

class Breaks {
  constructor(app) {
    this.app = app;
    this.isOpen = false;
    this.killing = false;
    this.backAfter = "";
    this.leaver = "ben";
    this.paster = "ana";
    this.runaway = new Runaway(app, (path, body) => this.ask(path, body));
    const toggle = () => (this.isOpen ? this.close() : this.open());
    const props = { type: "button", class: "bar-button", "aria-haspopup": "dialog", "aria-expanded": "false", onclick: toggle };
    this.button = h("button", props, icon("bolt"), h("span", null, "Break things"));
    this.warning = h("span", { class: "broken-what", role: "status" });
    const mend = h("button", { type: "button", class: "broken-mend", "aria-label": "Mend everything", onclick: () => this.mend() }, "Mend", h("span", null, " everything"));
    this.chip = h("div", { class: "broken", hidden: true }, icon("warning"), this.warning, mend);
    app.on("watch", () => this.show());
    app.on("revealed", () => this.show());
  }

  open() {
    if (this.isOpen) return;
    this.backAfter = "";
    this.isOpen = true;
    this.panel = h("div", { class: "breaks" }, this.switches(), this.bot(), this.people(), this.leak(), this.runaway.section(), this.caps());
    this.closePanel = openPopover(this.button, this.panel, { label: "Break things", align: "end", onclose: () => (this.isOpen = false) });
    this.show();
    this.offerCaps();
    this.panel.querySelector("[role=switch]").focus();
  }

  close() {
    this.closePanel?.();
  }

  switches() {
    this.rows = SWITCHES.map(([name, label, seen]) => {
      const about = h("span", { class: "switch-seen", id: `switch-${name}` }, seen);
      const named = { "aria-checked": "false", "aria-label": label, "aria-describedby": about.id };
      const props = { type: "button", role: "switch", class: "switch", ...named, onclick: () => this.turn(name, knob) };
      const knob = h("button", props, h("span", { class: "switch-knob" }));
      const text = h("span", { class: "switch-text", onclick: () => knob.click() }, h("span", { class: "switch-label" }, label), about);
      return { name, knob, row: h("div", { class: "switch-row" }, text, knob) };
    });
    return h("section", null, h("h2", null, "Break things"), this.rows.map(({ row }) => row));
  }

  bot() {
    this.botLine = h("p", { class: "breaks-line" });
    this.botBack = h("p", { class: "breaks-line breaks-good", role: "status" });
    this.kill = h("button", { type: "button", class: "button", onclick: () => this.killBot() }, "Kill the bot");
    return h("section", null, h("h3", null, "The bot"), h("div", { class: "breaks-row" }, h("div", { class: "breaks-grow" }, this.botLine, this.botBack), this.kill));
  }

  people() {
    this.who = this.chooser("Who leaves", this.leaver, (name) => {
      this.leaver = name;
      this.show();
    });
    this.leave = h("button", { type: "button", class: "button", onclick: () => this.deactivate() });
    this.leaveQuietly = h("button", { type: "button", class: "button", onclick: () => this.deactivate({ quietly: true }) }, "… and lose the event");
    const seen = h(
      "p",
      { class: "breaks-line" },
      "Keys of who leaves go off within seconds. If Slack's event gets lost, the daily sweep finds out: move the clock to tomorrow.",
    );
    const row = h("div", { class: "breaks-row" }, this.who, this.leave, this.leaveQuietly);
    return h("section", null, h("h3", null, "People"), seen, row);
  }

  leak() {
    this.by = this.chooser("Who pastes it", this.paster, (name) => (this.paster = name));
    this.paste = h("button", { type: "button", class: "button", onclick: () => this.pasteKey() }, "Paste a key in #search");
    this.leakLine = h("p", { class: "breaks-line" });
    return h("section", null, h("h3", null, "A leak"), this.leakLine, h("div", { class: "breaks-row" }, this.by, this.paste));
  }

  caps() {
    this.capped = h("select", { class: "breaks-select", "aria-label": "Whose cap" });
    this.raise = h("button", { type: "button", class: "button", onclick: () => this.raiseCap() }, "Raise it tenfold");
    this.capLine = h("p", { class: "breaks-line" });
    return h("section", null, h("h3", null, "A cap"), this.capLine, h("div", { class: "breaks-row" }, this.capped, this.raise));
  }

  /** The keys whose cap somebody could raise at the gateway, the newest first. */
  async offerCaps() {
    const { keys } = await get("gateway/keys").catch(() => ({ keys: [] }));
    this.cappable = keys.filter((key) => key.works && key.max_budget !== null).reverse();
    const chosen = this.capped.value;
    fill(this.capped, this.cappable.map((key) => h("option", { value: key.token }, `${labelOf(key)}, ${dollars(key.max_budget)}`)));
    if (this.cappable.some((key) => key.token === chosen)) this.capped.value = chosen;
    this.capped.disabled = this.raise.disabled = !this.cappable.length;
    this.capLine.textContent = this.cappable.length
      ? "Raised at the gateway, behind Purser’s back. Within ten minutes it is put back, and told."
      : "No key works at the gateway yet. Reveal one first.";
  }

  async raiseCap() {
    const key = this.cappable.find((one) => one.token === this.capped.value);
    const cap = key.max_budget * TENFOLD;
    if (!(await this.ask("gateway/keys", { token: key.token, max_budget: cap }))) return;
    this.app.toast(`The gateway lets ${labelOf(key)} spend ${dollars(cap)} now.`);
    this.offerCaps();
  }

  chooser(label, chosen, pick) {
    const options = castOf(this.app).map((user) => h("option", { value: user.name }, nameOf(user)));
    const select = h("select", { class: "breaks-select", "aria-label": label, onchange: () => pick(select.value) }, options);
    select.value = chosen;
    return select;
  }

  show() {
    this.runaway.show();
    const on = this.app.store.world?.switches ?? {};
    const broken = SWITCHES.filter(([name]) => on[name]).map(([, label]) => label);
    const text = broken.join(", ");
    this.chip.hidden = !text;
    if (this.warning.textContent !== text) this.warning.textContent = text;
    if (!this.isOpen) return;
    for (const { name, knob } of this.rows) knob.setAttribute("aria-checked", String(Boolean(on[name])));
    this.showBot();
    const leaver = this.app.store.userNamed(this.leaver);
    this.leaveQuietly.hidden = Boolean(leaver?.deleted);
    fill(this.leave, leaver?.deleted ? `Bring ${nameOf(leaver)} back` : `Deactivate ${nameOf(leaver)}`);
    const last = this.app.keys.at(-1);
    this.paste.disabled = !last;
    this.leakLine.textContent = last
      ? `Posts ${masked(last.secret)}, the key revealed last, for all to read. Type /ai-team watch on there before, and Purser turns it off by itself.`
      : "No key was revealed on this page yet. Reveal one first.";
  }

  showBot() {
    const bot = this.app.store.world?.bot;
    if (!bot) return;
    const state = !bot.alive || this.killing ? "Down" : bot.connected ? "Running" : "Starting";
    const times = bot.starts === 1 ? "started once" : `started ${bot.starts} times`;
    this.botLine.textContent = `${state} · process ${bot.pid ?? "none"} · ${times}`;
    this.botBack.textContent = this.backAfter;
    this.kill.disabled = this.killing;
  }

  async turn(name, knob) {
    const wanted = knob.getAttribute("aria-checked") !== "true";
    knob.setAttribute("aria-checked", String(wanted));
    const answer = await this.ask("switches", { [name]: wanted });
    if (answer) this.app.store.world.switches = answer.switches;
    this.show();
  }

  async mend() {
    const answer = await this.ask("switches", Object.fromEntries(SWITCHES.map(([name]) => [name, false])));
    if (!answer) return;
    this.app.store.world.switches = answer.switches;
    this.button.focus();
    this.app.toast("Everything works again.");
    this.show();
  }

  async killBot() {
    this.killing = true;
    this.backAfter = "kill -9 …";
    this.show();
    const answer = await this.ask("bot", { do: "kill" });
    this.killing = false;
    this.backAfter = answer ? `Back after ${answer.seconds.toFixed(1)} s` : "";
    if (answer && !this.isOpen) this.app.toast(`The bot is back after ${answer.seconds.toFixed(1)} s`);
    this.show();
  }

  async deactivate({ quietly = false } = {}) {
    const user = this.app.store.userNamed(this.leaver);
    const leaves = !user.deleted;
    if (!(await this.ask("people", { user: user.name, deleted: leaves, quietly }))) return;
    const told = quietly ? "The bot was not told." : "The bot was told.";
    this.app.toast(leaves ? `${nameOf(user)} has left. ${told}` : `${nameOf(user)} is back.`);
  }

  async pasteKey() {
    const { secret } = this.app.keys.at(-1);
    const text = `It worked with ${secret} yesterday, can somebody look?`;
    await this.app.act(this.paster, "message", { channel: "search", text }).catch(() => null);
  }

  async ask(path, body) {
    try {
      return await post(path, body);
    } catch (problem) {
      this.app.toast(problem.message, { kind: "error" });
      return null;
    }
  }
}
