/* Where a person types: commands with autocomplete, mentions, files, the last lines again with the arrow key. */

import { upload } from "../api.js";
import { app } from "../app.js";
import { h, icon } from "../dom.js";
import { store } from "../store.js";
import { Completion } from "./completion.js";

const REMEMBERED = 30;

/** The box under a channel or thread; `where()` gives {channel, thread_ts}. */
export class Composer {
  constructor(pane, where, { placeholder, inThread = false }) {
    this.pane = pane;
    this.where = where;
    this.inThread = inThread;
    this.sent = [];
    this.again = -1;
    this.box = h("textarea", { class: "composer-box", rows: "1", "aria-label": placeholder, placeholder, spellcheck: "false", autocomplete: "off" });
    this.completion = new Completion(this.box, () => this.people());
    this.sendButton = h("button", { type: "button", class: "composer-send", "aria-label": "Send", title: "Send (Enter)", disabled: true, onclick: () => this.send() }, icon("send"));
    this.element = h("div", { class: "composer" }, this.completion.element, h("div", { class: "composer-frame" }, this.box, this.bar()), this.completion.hint);
    this.box.addEventListener("input", () => this.typed());
    this.box.addEventListener("keydown", (event) => this.key(event));
  }

  bar() {
    if (this.inThread) return h("div", { class: "composer-bar" }, this.sendButton);
    const chooser = h("input", { type: "file", hidden: true, "aria-label": "File to upload", onchange: () => this.sendFile(chooser) });
    const attach = h("button", { type: "button", class: "composer-tool", "aria-label": "Upload a file", title: "Upload a file", onclick: () => chooser.click() }, icon("clip"));
    const slash = h("button", { type: "button", class: "composer-tool composer-slash", "aria-label": "Commands", title: "Commands", onclick: () => this.set("/ai-") }, "/");
    return h("div", { class: "composer-bar" }, attach, chooser, slash, this.sendButton);
  }

  /** Leave this text in the box, ready to be sent. */
  set(text) {
    this.box.value = text;
    this.box.focus();
    this.box.setSelectionRange(text.length, text.length);
    this.typed();
  }

  typed() {
    this.box.style.height = "auto";
    this.box.style.height = `${this.box.scrollHeight}px`;
    this.sendButton.disabled = !this.box.value.trim();
    this.completion.update();
  }

  key(event) {
    if (this.completion.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
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
    await app.act(this.pane.person, deed, body).catch(() => !this.box.value && this.set(text));
  }

  async sendFile(chooser) {
    const file = chooser.files[0];
    chooser.value = "";
    if (file) await sendFile(this.pane.person, this.where().channel, file);
  }

  people() {
    const screen = store.screen(this.pane.person);
    const members = screen?.channels.find((channel) => channel.id === this.where().channel)?.members ?? [];
    const all = Object.values(store.world.users).filter((user) => !user.deleted && !user.is_bot);
    return all.sort((a, b) => members.includes(b.id) - members.includes(a.id) || a.name.localeCompare(b.name));
  }
}

/** Put a file into a channel as somebody. */
export async function sendFile(person, channel, file) {
  await upload(person, channel, file).catch((error) => app.toast(error.message, { kind: "error" }));
}
