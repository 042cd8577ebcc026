/* Checkboxes and radio buttons: every option on its own line, with its description. */

import { h } from "../dom.js";
import { renderText } from "../text/index.js";
import { freshId, tied, whileBusy } from "./field.js";

/** Several of the options. */
export function renderCheckboxes(field) {
  const initial = (field.element.initial_options ?? []).map((option) => option.value);
  const picked = new Set(field.value(initial) ?? []);
  const group = choiceGroup(
    field,
    "group",
    "checkbox",
    (value) => picked.has(value),
    async (box) => {
      if (box.checked) picked.add(box.value);
      else picked.delete(box.value);
      const order = field.element.options.map((option) => option.value).filter((value) => picked.has(value));
      if (await field.give(order)) return;
      box.checked = !box.checked;
      if (box.checked) picked.add(box.value);
      else picked.delete(box.value);
    },
  );
  return group;
}

/** One of the options. */
export function renderRadioButtons(field) {
  let picked = field.value(field.element.initial_option?.value ?? null);
  const group = choiceGroup(
    field,
    "radiogroup",
    "radio",
    (value) => value === picked,
    async (box) => {
      const before = picked;
      picked = box.value;
      if (await field.give(picked)) return;
      picked = before;
      for (const other of group.querySelectorAll("input")) other.checked = other.value === before;
    },
  );
  if (field.required) group.setAttribute("aria-required", "true");
  return group;
}

function choiceGroup(field, role, kind, isPicked, onpick) {
  const { element, ctx } = field;
  const name = freshId("choice");
  const lines = element.options.map((option) => {
    const id = freshId("option");
    const about = option.description
      ? h("span", { class: "option-about", id: `${id}-about` }, renderText(option.description, ctx))
      : null;
    const box = h("input", { type: kind, id, name, value: option.value, "aria-describedby": about && `${id}-about` });
    box.checked = isPicked(option.value);
    box.addEventListener("change", () => whileBusy(group, () => onpick(box)));
    const words = h(
      "span",
      { class: "choice-words" },
      h("label", { for: id }, renderText(option.text, { ...ctx, openUser: null, openChannel: null })),
      about,
    );
    return h("div", { class: "choice" }, box, words);
  });
  const group = h("div", { ...tied(field), class: "bk-choices", role, name: null, autofocus: null }, lines);
  if (role === "group") group.removeAttribute("aria-invalid");
  return group;
}
