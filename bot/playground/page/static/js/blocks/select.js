/* Selects of every source, for one answer or several: a field to type in, and a list to pick from. */

import { fill, h, icon } from "../dom.js";
import { tied, whileBusy } from "./field.js";
import { floating } from "./floating.js";
import { initialValue, itemOf, offeredItems, sourceOf } from "./select_items.js";
import { externalFinder } from "./select_external.js";
import { drawOptions } from "./select_list.js";

/** A combobox; several answers stand before it as tokens that can be removed. */
export function renderSelect(field) {
  return new Select(field).root;
}

class Select {
  constructor(field) {
    this.field = field;
    this.multi = field.element.type.startsWith("multi_");
    this.items = offeredItems(field.element, field.ctx);
    const start = field.value(initialValue(field.element));
    this.picked = (this.multi ? (start ?? []) : start === null ? [] : [start]).map((value) =>
      itemOf(value, this.items, field.ctx),
    );
    this.typed = "";
    this.active = -1;
    this.note = "";
    this.build();
    this.find =
      sourceOf(field.element) === "external" ? externalFinder(field, (items, note) => this.found(items, note)) : null;
    this.showTokens();
    this.showPicked();
  }

  build() {
    const { field } = this;
    const listId = `${field.id}-list`;
    this.input = h("input", {
      ...tied(field),
      type: "text",
      class: "select-input",
      role: "combobox",
      autocomplete: "off",
      spellcheck: "false",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": listId,
      "aria-haspopup": "listbox",
      "aria-required": field.required ? "true" : null,
    });
    this.tokens = h("span", { class: "select-tokens" });
    this.clear = h(
      "button",
      { type: "button", class: "select-clear", "aria-label": "Clear", onclick: () => this.take([]) },
      icon("close"),
    );
    this.box = h(
      "div",
      { class: "select-box" },
      this.tokens,
      this.input,
      this.clear,
      h("span", { class: "select-arrow" }, icon("down")),
    );
    this.list = h("div", {
      id: listId,
      role: "listbox",
      "aria-label": "Options",
      "aria-multiselectable": this.multi ? "true" : null,
    });
    this.status = h("div", { class: "select-note", role: "status" });
    this.popup = h("div", { class: "bk-menu select-popup", popover: "manual" }, this.list, this.status);
    this.root = h(
      "div",
      { class: ["bk-select", this.multi && "is-multi", field.invalid && "is-invalid"] },
      this.box,
      this.popup,
    );
    this.float = floating(this.box, this.popup, { fill: true, onclose: () => this.closed() });
    this.listen();
  }

  listen() {
    this.box.addEventListener("click", (event) => {
      if (event.target.closest("button")) return;
      this.input.focus();
      if (event.target !== this.input && this.float.isOpen()) this.float.close();
      else this.open();
    });
    this.input.addEventListener("input", () => {
      this.typed = this.input.value;
      this.open();
    });
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.float.close());
    this.popup.addEventListener("mousedown", (event) => event.preventDefault());
  }

  // -- the list --

  open() {
    this.find?.(this.typed);
    this.draw();
    this.float.open();
    this.input.setAttribute("aria-expanded", "true");
  }

  closed() {
    this.typed = "";
    this.active = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
    this.showPicked();
  }

  found(items, note) {
    this.items = items;
    this.note = note;
    if (this.float.isOpen()) this.draw();
  }

  draw() {
    const words = this.typed.trim().toLowerCase();
    const fits = (item) => this.find || !words || `${item.label} ${item.about}`.toLowerCase().includes(words);
    this.shown = this.items.filter(fits);
    const chosen = this.shown.findIndex((item) => this.isPicked(item));
    this.active = words || this.multi || chosen < 0 ? 0 : chosen;
    const full = this.multi && this.picked.length >= (this.field.element.max_selected_items ?? Infinity);
    this.options = drawOptions(this.list, this.shown, {
      isPicked: (item) => this.isPicked(item),
      isOff: (item) => full && !this.isPicked(item),
      pick: (item) => this.pick(item),
    });
    const most = full ? `At most ${this.picked.length}. Remove one to pick another.` : "";
    this.status.textContent = this.note || (this.shown.length ? most : "No results");
    this.list.hidden = this.shown.length === 0;
    this.mark();
    this.float.place();
  }

  mark() {
    for (const [index, option] of this.options.entries()) option.classList.toggle("is-active", index === this.active);
    const option = this.options[this.active];
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const open = this.float.isOpen();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (!open) return this.open();
      this.active = (this.active + step + this.options.length) % (this.options.length || 1);
      this.mark();
    } else if (event.key === "Enter" && open && !event.isComposing) {
      event.preventDefault();
      const item = this.shown[this.active];
      if (item && this.options[this.active].getAttribute("aria-disabled") !== "true") this.pick(item);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      this.float.close();
    } else if (event.key === "Backspace" && this.multi && !this.input.value && this.picked.length) {
      this.take(this.picked.slice(0, -1));
    }
    return undefined;
  }

  // -- the answer --

  isPicked(item) {
    return this.picked.some((one) => one.key === item.key);
  }

  pick(item) {
    if (!this.multi) {
      const same = this.isPicked(item);
      this.float.close();
      if (!same) this.take([item]);
      return;
    }
    this.typed = "";
    this.take(this.isPicked(item) ? this.picked.filter((one) => one.key !== item.key) : [...this.picked, item]);
  }

  async take(items) {
    const before = this.picked;
    const values = items.map((item) => item.given);
    this.showNow(items);
    await whileBusy(this.box, async () => {
      if (!(await this.field.give(this.multi ? values : (values[0] ?? null)))) this.showNow(before);
    });
  }

  showNow(items) {
    this.picked = items;
    this.showTokens();
    this.showPicked();
    if (this.float.isOpen()) this.draw();
  }

  showPicked() {
    const hint = this.field.element.placeholder?.text ?? (this.multi ? "Select options" : "Select an option");
    this.input.placeholder = this.multi && this.picked.length ? "" : hint;
    this.input.value = this.multi ? this.typed : (this.picked[0]?.label ?? "");
    this.clear.hidden = this.multi || !this.picked.length || !this.field.optional;
  }

  showTokens() {
    const held = this.tokens.contains(document.activeElement);
    fill(this.tokens, this.multi ? this.picked.map((item) => this.token(item)) : null);
    if (held) this.input.focus();
  }

  token(item) {
    const remove = () => this.take(this.picked.filter((one) => one.key !== item.key));
    const cross = h(
      "button",
      { type: "button", class: "token-remove", "aria-label": `Remove ${item.label}`, onclick: remove },
      icon("close"),
    );
    return h("span", { class: "token" }, h("span", { class: "token-label" }, item.label), cross);
  }
}
