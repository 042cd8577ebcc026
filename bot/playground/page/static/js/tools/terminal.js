/* A terminal that spends a revealed key: real calls of the gateway, their price, and every refusal in plain words. */

import { post } from "../api.js";
import { fill, h, icon } from "../dom.js";
import { nameOf } from "../names.js";
import { copy } from "../ui/clipboard.js";
import { answerOf, meaningOf, messageOf } from "./refusals.js";
import { counted, dollars, masked, withoutKeys } from "./words.js";

const PROMPT = "Which of these results answers the question best?";
const MANY = 20;
const MOST_LINES = 300;

/** A dock tab; `send()` sends what is in the prompt, as the tour does. */
export function mount(host, app) {
  const terminal = new Terminal(app);
  host.append(terminal.element);
  return { open: () => terminal.open(), close: () => {}, send: () => terminal.send() };
}

class Terminal {
  constructor(app) {
    this.app = app;
    this.secret = "";
    this.baseUrl = "";
    this.plain = false;
    this.busy = false;
    this.stopped = false;
    this.spent = new Map();
    this.sent = [];
    this.again = -1;
    this.build();
    app.on("revealed", (key) => this.take(key));
    for (const key of app.keys) this.take(key);
    this.learn();
    this.show();
  }

  build() {
    const asks = { "aria-label": "Key", placeholder: "sk-… reveal a key, or paste one" };
    this.key = h("input", { type: "text", class: "term-input", ...asks, autocomplete: "off", spellcheck: "false" });
    this.key.addEventListener("beforeinput", () => this.mayEdit());
    this.key.addEventListener("input", () => this.use(this.key.value.trim(), { editing: true }));
    this.key.addEventListener("focus", () => this.key.select());
    this.key.addEventListener("blur", () => this.show());
    this.showing = h("button", { type: "button", class: "term-button", "aria-pressed": "false", onclick: () => this.toggle() }, "Show");
    this.which = h("select", { class: "term-input", "aria-label": "Revealed keys", hidden: true, onchange: () => this.pick() });
    this.model = h("select", { class: "term-input", "aria-label": "Model" });
    this.lines = h("pre", { class: "term-lines" });
    this.log = h("div", { class: "term-log", role: "log", "aria-label": "Terminal", tabindex: "0" });
    this.prompt = h("input", { type: "text", class: "term-prompt", "aria-label": "Prompt", value: PROMPT, autocomplete: "off" });
    this.prompt.addEventListener("keydown", (event) => this.pressed(event));
    this.one = h("button", { type: "button", class: "term-button term-send", onclick: () => this.send() }, "Send a prompt");
    this.many = h("button", { type: "button", class: "term-button", onclick: () => (this.busy ? this.stop() : this.sendMany()) }, `Send ${MANY}`);
    this.element = h("div", { class: "term" }, this.side(), this.screen());
  }

  side() {
    const copier = (label, text, what) => {
      const onclick = () => copy(text(), what);
      return h("button", { type: "button", class: "term-button", onclick }, icon("copy"), label);
    };
    const copyLines = copier("Copy lines", () => this.environment(this.secret), "Environment lines");
    const copyCurl = copier("Copy curl", () => this.curl(), "A curl line");
    this.copies = [copyLines, copyCurl];
    const key = h("label", { class: "term-field" }, h("span", null, "Key"), h("span", { class: "term-row" }, this.key, this.showing));
    const model = h("label", { class: "term-field term-model" }, h("span", null, "Model"), this.model);
    return h("div", { class: "term-side" }, key, this.which, model, this.lines, h("div", { class: "term-row" }, copyLines, copyCurl));
  }

  screen() {
    const line = h("div", { class: "term-line" }, h("span", { class: "term-dollar", "aria-hidden": "true" }, "$"), this.prompt, this.one, this.many);
    return h("div", { class: "term-screen" }, this.log, line);
  }

  learn() {
    this.baseUrl ||= this.app.about.gateway ?? "";
    fill(this.model, this.app.about.models.map((name) => h("option", { value: name }, name)));
  }

  open() {
    this.log.scrollTop = this.log.scrollHeight;
    (this.secret ? this.prompt : this.key).focus();
  }

  take(key) {
    const label = `${masked(key.secret)} of ${nameOf(this.app.store.userNamed(key.person), key.person)}`;
    this.which.append(h("option", { value: key.secret }, label));
    this.which.value = key.secret;
    this.which.hidden = this.which.options.length < 2;
    this.baseUrl = key.baseUrl || this.baseUrl;
    this.say("term-soft", `# ${label} is ready to use here`);
    this.use(key.secret);
  }

  pick() {
    this.baseUrl = this.app.keys.find((key) => key.secret === this.which.value)?.baseUrl ?? this.baseUrl;
    this.use(this.which.value);
  }

  use(secret, { editing = false } = {}) {
    this.secret = secret;
    if (editing) this.draw();
    else this.show();
  }

  /** What is masked cannot be edited: the first letter typed, or a paste, replaces it. */
  mayEdit() {
    if (this.key.value !== this.secret) this.key.value = "";
  }

  toggle() {
    this.plain = !this.plain;
    this.show();
  }

  show() {
    this.key.value = this.plain ? this.secret : masked(this.secret);
    this.showing.textContent = this.plain ? "Hide" : "Show";
    this.showing.setAttribute("aria-pressed", String(this.plain));
    this.draw();
  }

  draw() {
    this.lines.textContent = this.environment(this.plain ? this.secret : masked(this.secret) || "sk-…");
    for (const button of [this.one, this.showing, ...this.copies]) button.disabled = !this.secret;
    this.one.disabled = this.busy || !this.secret;
    this.many.disabled = !this.secret;
    this.many.textContent = this.busy ? "Stop" : `Send ${MANY}`;
  }

  environment(secret) {
    return `export OPENAI_BASE_URL="${this.baseUrl}"\nexport OPENAI_API_KEY="${secret}"`;
  }

  curl() {
    const body = JSON.stringify({ model: this.model.value, messages: [{ role: "user", content: this.prompt.value || PROMPT }] });
    const quoted = body.replaceAll("'", "'\\''");
    return `curl -s "${this.baseUrl}/chat/completions" -H "Authorization: Bearer ${this.secret}" -H "Content-Type: application/json" -d '${quoted}'`;
  }

  pressed(event) {
    if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      this.send();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") this.recall(event);
  }

  recall(event) {
    const at = this.again + (event.key === "ArrowUp" ? 1 : -1);
    if (at >= this.sent.length || at < -1) return;
    event.preventDefault();
    this.again = at;
    this.prompt.value = this.sent[at] ?? "";
  }

  /** One call; the answer, its price and what this key has cost here. */
  async send() {
    if (this.busy || !this.secret) return;
    this.begin();
    const reply = await this.call();
    if (reply.ok) this.say("term-answer", answerOf(reply));
    if (reply.ok) this.say("term-soft", `${this.figures(reply)} · spent with this key here ${dollars(this.spent.get(reply.secret))}`);
    this.end();
  }

  /** Many calls, one after the other, until one is refused. */
  async sendMany() {
    if (this.busy || !this.secret) return;
    this.begin();
    const before = this.spent.get(this.secret) ?? 0;
    const secret = this.secret;
    let answered = 0;
    while (answered < MANY && !this.stopped) {
      const reply = await this.call(secret);
      if (!reply.ok) break;
      answered += 1;
      this.say("term-soft", `${answered} of ${MANY} · ${this.figures(reply)}`);
    }
    const cost = (this.spent.get(secret) ?? 0) - before;
    this.say("term-answer", `${counted(answered, "prompt")} answered for ${dollars(cost)}.`);
    this.end();
  }

  stop() {
    this.stopped = true;
  }

  begin() {
    this.busy = true;
    this.stopped = false;
    const prompt = this.prompt.value.trim() || PROMPT;
    this.sent = [prompt, ...this.sent.filter((line) => line !== prompt)].slice(0, MANY);
    this.again = -1;
    this.say("term-typed", `$ ${withoutKeys(prompt)}`);
    this.draw();
  }

  end() {
    this.busy = false;
    this.draw();
  }

  async call(secret = this.secret) {
    const body = { key: secret, model: this.model.value, prompt: this.prompt.value.trim() || PROMPT };
    const reply = await post("chat", body).catch((problem) => ({ ok: false, status: 0, error: problem.message }));
    if (reply.ok) this.spent.set(secret, (this.spent.get(secret) ?? 0) + Number(reply.cost_usd ?? 0));
    else this.refused(reply);
    this.app.emit("called", { secret, status: reply.status });
    return { ...reply, secret };
  }

  refused(reply) {
    const said = withoutKeys(messageOf(reply));
    this.say("term-bad", reply.status ? `${reply.status} · ${said}` : `No answer. ${said}`);
    this.say("term-means", meaningOf(reply));
  }

  figures(reply) {
    return `${reply.status} · ${dollars(reply.cost_usd)} · ${reply.ms} ms`;
  }

  say(kind, text) {
    const stick = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 40;
    this.log.append(h("p", { class: kind }, text));
    while (this.log.childElementCount > MOST_LINES) this.log.firstElementChild.remove();
    if (stick) this.log.scrollTop = this.log.scrollHeight;
  }
}
