/* Where a person types: commands with autocomplete, mentions, files, the last lines again with the arrow key. */

import { upload } from "../api.js";
import { app } from "../app.js";
import { h, icon } from "../dom.js";
import { store } from "../store.js";
import { Completion } from "./completion.js";

const REMEMBERED = 30;
/** What was typed and not sent, by person, channel and thread: it waits for them to come back. */
const drafts = new Map();

/** The box under a channel or thread; `where()` gives {channel, thread_ts}. */
export class Composer {
  constructor(pane, where, { placeholder, inThread = false }) {
    this.pane = pane;
    this.person = pane.person;
    this.where = where;
    this.inThread = inThread;
    this.sent = [];
    this.again = -1;
    this.box = h("textarea", { class: "composer-box", rows: "1", "aria-label": placeholder, placeholder, spellcheck: "false", autocomplete: "off" });
    this.completion = new Completion(this.box, () => this.people());
    this.sendButton = h("button", { type: "button", class: "composer-send", "aria-label": "Send", title: "Send (Enter)", disabled: true, onclick: () => this.send() }, icon("send"));
    this.element = h("div", { class: "composer" }, this.completion.element, h("div", { class: "composer-frame" }, this.box, this.bar()));
    this.box.addEventListener("input", () => this.typed());
    this.box.addEventListener("keydown", (event) => this.key(event));
  }

  bar() {
    if (this.inThread) return h("div", { class: "composer-bar" }, this.sendButton);
    const chooser = h("input", { type: "file", hidden: true, "aria-label": "File to upload", onchange: () => this.sendFile(chooser) });
    const attach = h("button", { type: "button", class: "composer-tool", "aria-label": "Upload a file", title: "Upload a file", onclick: () => chooser.click() }, icon("clip"));
    const slash = h("button", { type: "button", class: "composer-tool composer-slash", "aria-label": "Commands", title: "Commands", onclick: () => this.offerCommands() }, "/");
    return h("div", { class: "composer-bar" }, attach, chooser, slash, this.completion.hint, this.sendButton);
  }

  /** Leave this text in the box, ready to be sent, the caret at `at`. */
  set(text, at = text.length) {
    this.put(text);
    this.box.focus();
    this.box.setSelectionRange(at, at);
    this.completion.update();
  }

  /** Once it is on the page: what its person had typed here before they left. */
  restore() {
    this.put(drafts.get(this.draftKey()) ?? "");
  }

  draftKey() {
    const { channel, thread_ts } = this.where();
    return [this.person, channel, thread_ts].join(" ");
  }

  put(text) {
    this.box.value = text;
    this.changed();
  }

  changed() {
    const text = this.box.value;
    if (text) drafts.set(this.draftKey(), text);
    else drafts.delete(this.draftKey());
    this.sendButton.disabled = !text.trim();
    this.box.style.height = "auto";
    if (this.box.scrollHeight) this.box.style.height = `${this.box.scrollHeight}px`;
  }

  typed() {
    this.changed();
    this.completion.update();
  }

  /** The list of commands opens before whatever is typed already. */
  offerCommands() {
    const { value } = this.box;
    if (value.startsWith("/")) this.set(value, value.split(/\s/)[0].length);
    else this.set(`/ai-${value && ` ${value}`}`, "/ai-".length);
  }

  key(event) {
    if (event.isComposing || this.completion.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    } else if (event.key === "ArrowUp" && (!this.box.value || this.again >= 0)) this.recall(event, 1);
    else if (event.key === "ArrowDown" && this.again >= 0) this.recall(event, -1);
  }

  recall(event, step) {
    const at = Math.min(this.again + step, this.sent.length - 1);
    event.preventDefault();
    this.set(this.sent[at] ?? "");
    this.again = at < 0 ? -1 : at;
    this.completion.close();
  }

  async send() {
    const text = this.box.value.trim();
    if (!text) return;
    this.sent = [text, ...this.sent.filter((line) => line !== text)].slice(0, REMEMBERED);
    this.again = -1;
    this.set("");
    const { channel, thread_ts } = this.where();
    const deed = text.startsWith("/") ? "command" : "message";
    this.pane.timelines().forEach((timeline) => (timeline.stick = true));
    const body = thread_ts ? { channel, text, thread_ts } : { channel, text };
    await app.act(this.person, deed, body).catch(() => this.box.value || this.put(text));
  }

  async sendFile(chooser) {
    const file = chooser.files[0];
    chooser.value = "";
    if (file) await sendFile(this.person, this.where().channel, file);
  }

  people() {
    const screen = store.screen(this.person);
    const members = screen?.channels.find((channel) => channel.id === this.where().channel)?.members ?? [];
    const all = Object.values(store.world.users).filter((user) => !user.deleted && !user.is_bot);
    return all.sort((a, b) => members.includes(b.id) - members.includes(a.id) || a.name.localeCompare(b.name));
  }
}

/** Put a file into a channel as somebody. */
export async function sendFile(person, channel, file) {
  await upload(person, channel, file).catch((error) => app.toast(error.message, { kind: "error" }));
}
