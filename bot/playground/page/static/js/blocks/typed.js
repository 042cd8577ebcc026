/* What is typed: text, numbers, addresses, formatted text as plain lines; and files. */

import { h } from "../dom.js";
import { tied } from "./field.js";
import { plainOf, richTextOf } from "./rich_plain.js";

const KINDS = {
  plain_text_input: { type: "text" },
  email_text_input: { type: "email", autocomplete: "off", spellcheck: "false" },
  url_text_input: { type: "url", autocomplete: "off", spellcheck: "false" },
  number_input: { type: "text", inputmode: "decimal", autocomplete: "off" },
};
const NEAR = 0.2;

/** A text field or box. Every character goes to the draft; a dispatching one tells the bot as it asked. */
export function renderTyped(field) {
  const { element } = field;
  const rich = element.type === "rich_text_input";
  const tall = rich || element.multiline === true;
  const initial = rich && element.initial_value ? element.initial_value : (element.initial_value ?? null);
  const value = field.value(initial);
  const control = h(tall ? "textarea" : "input", {
    ...tied(field),
    ...(tall ? { rows: "4" } : KINDS[element.type]),
    class: "bk-typed",
    placeholder: element.placeholder?.text ?? null,
    "aria-required": field.required ? "true" : null,
    value: rich ? plainOf(value) : String(value ?? ""),
  });
  const answer = () => (rich ? richTextOf(control.value) : control.value);
  listen(field, control, answer);
  const counter = element.max_length ? counterFor(control, element.max_length) : null;
  return h("div", { class: "bk-typed-box" }, control, counter);
}

/** Keeps every character; tells the bot on Enter, or on each character, where the block dispatches. */
function listen(field, control, answer) {
  const { element } = field;
  const asked = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const dispatches = !field.inForm || field.block.dispatch_action === true;
  control.addEventListener("input", () => {
    field.keep(answer());
    if (dispatches && asked.includes("on_character_entered")) field.give(answer());
  });
  control.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || control.tagName === "TEXTAREA") return;
    if (!dispatches || !asked.includes("on_enter_pressed")) return;
    event.preventDefault();
    field.give(answer());
  });
}

/** How many characters are left, once they are getting few. */
function counterFor(control, most) {
  const counter = h("span", { class: "bk-counter", role: "status" });
  const count = () => {
    const left = most - control.value.length;
    const near = left <= Math.max(5, Math.min(100, most * NEAR));
    counter.textContent = near ? String(left) : "";
    counter.setAttribute("aria-label", near ? `${left} characters left` : "");
    counter.classList.toggle("is-over", left < 0);
  };
  control.addEventListener("input", count);
  count();
  return counter;
}

/** Files to choose: their names, sizes and types are the value. */
export function renderFileInput(field) {
  const { element } = field;
  const most = element.max_files ?? 10;
  const list = h("ul", { class: "bk-files" });
  const show = (files) => list.replaceChildren(...files.map((file) => h("li", null, file.name)));
  const control = h("input", {
    ...tied(field),
    type: "file",
    class: "bk-file",
    multiple: most > 1,
    accept: element.filetypes?.map((kind) => `.${kind}`).join(",") || null,
    "aria-required": field.required ? "true" : null,
  });
  control.addEventListener("change", () => {
    const files = [...control.files].slice(0, most).map(({ name, size, type }) => ({ name, size, mimetype: type }));
    show(files);
    field.give(files);
  });
  show(field.value([]) ?? []);
  return h("div", { class: "bk-file-box" }, control, list);
}
