/* Autocomplete of the composer: commands with their hints, and people after an @. */

import { app } from "../app.js";
import { fill, h } from "../dom.js";
import { nameOf } from "../names.js";
import { avatar } from "./people.js";

const MOST_PEOPLE = 8;
const BLUR_MS = 150;
const MENTION = /(?:^|\s)@([\w.-]*)$/;
let lists = 0;

/** The list above a text box, and the line of usage under it. */
export class Completion {
  constructor(box, people) {
    this.box = box;
    this.people = people;
    this.items = [];
    this.at = 0;
    this.id = `completion-${++lists}`;
    this.element = h("div", { class: "completion", role: "listbox", "aria-label": "Commands", id: this.id, hidden: true });
    this.hint = h("p", { class: "composer-hint", "aria-live": "polite" });
    for (const [name, value] of Object.entries({ "aria-autocomplete": "list", "aria-haspopup": "listbox", "aria-controls": this.id })) {
      box.setAttribute(name, value);
    }
    box.addEventListener("blur", () => setTimeout(() => document.activeElement !== box && this.close(), BLUR_MS));
  }

  /** Look at what is typed; open, change or close the list. */
  update() {
    const before = this.box.value.slice(0, this.box.selectionStart);
    this.usage();
    if (/^\/\S*$/.test(before)) return this.offer(commandsLike(before));
    const mention = before.match(MENTION);
    if (mention) return this.offer(this.peopleLike(mention[1]));
    this.close();
  }

  /** Take a key if the list is open and means something to it; whether it was taken. */
  key(event) {
    if (!this.items.length) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.move((this.at + step + this.items.length) % this.items.length);
    else if (event.key === "Escape") this.close();
    else if (event.key === "Tab" && !event.shiftKey) this.choose(this.at);
    else if (event.key === "Enter" && !event.shiftKey && !this.isWhole()) this.choose(this.at);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  close() {
    this.items = [];
    this.element.hidden = true;
    this.box.removeAttribute("aria-activedescendant");
  }

  isWhole() {
    return this.items[this.at].whole === this.box.value;
  }

  offer(items) {
    this.items = items;
    if (!items.length) return this.close();
    fill(this.element, items.map((item, index) => this.option(item, index)));
    this.element.hidden = false;
    this.move(0);
  }

  option(item, index) {
    const take = (event) => {
      event.preventDefault();
      this.choose(index);
    };
    return h("div", { class: "completion-item", role: "option", id: `${this.id}-${index}`, "aria-selected": "false", onmousedown: take }, item.parts);
  }

  move(index) {
    this.at = index;
    [...this.element.children].forEach((child, place) => child.setAttribute("aria-selected", String(place === index)));
    this.element.children[index]?.scrollIntoView({ block: "nearest" });
    this.box.setAttribute("aria-activedescendant", `${this.id}-${index}`);
  }

  choose(index) {
    const { from, text } = this.items[index];
    const end = this.box.selectionStart;
    this.box.setRangeText(text, from, end, "end");
    this.close();
    this.box.focus();
    this.usage();
    this.box.dispatchEvent(new Event("input"));
  }

  usage() {
    const command = app.vocabulary.commands.find(({ command: name }) => this.box.value.startsWith(`${name} `));
    fill(this.hint, command && [h("code", null, command.command), " ", command.usage_hint]);
  }

  peopleLike(typed) {
    const from = this.box.selectionStart - typed.length - 1;
    const like = typed.toLowerCase();
    const found = this.people().filter((user) => user.name.startsWith(like) || user.real_name.toLowerCase().includes(like));
    return found.slice(0, MOST_PEOPLE).map((user) => ({
      from,
      text: `@${user.name} `,
      parts: [avatar(user, "avatar-xs"), h("strong", null, nameOf(user)), h("span", { class: "soft" }, user.title)],
    }));
  }
}

function commandsLike(typed) {
  return app.vocabulary.commands
    .filter(({ command }) => command.startsWith(typed))
    .map(({ command, description, usage_hint: hint }) => ({
      from: 0,
      whole: command,
      text: `${command} `,
      parts: [
        h("span", { class: "completion-name" }, h("strong", null, command), " ", h("span", { class: "completion-usage" }, hint)),
        h("span", { class: "soft" }, description),
      ],
    }));
}
