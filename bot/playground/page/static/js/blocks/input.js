/* An input block: a label, an element, a hint, and what is wrong with the answer. */

import { h, icon } from "../dom.js";
import { renderText } from "../text/index.js";
import { renderElement } from "./elements.js";
import { freshId } from "./field.js";

const GROUPS = new Set(["checkboxes", "radio_buttons"]);

/** The label names the element, the hint and the error describe it. */
export function renderInput(block, ctx) {
  const id = freshId("input");
  const [labelId, hintId, errorId] = [`${id}-label`, `${id}-hint`, `${id}-error`];
  const error = ctx.errors?.[block.block_id];
  const describedBy = [error && errorId, block.hint && hintId].filter(Boolean).join(" ") || null;
  const words = [
    h("span", null, renderText(block.label, ctx)),
    block.optional ? h("span", { class: "bk-optional" }, " (optional)") : null,
  ];
  const label = GROUPS.has(block.element.type)
    ? h("div", { class: "bk-label", id: labelId }, words)
    : h("label", { class: "bk-label", id: labelId, for: id }, words);
  const place = { id, labelId, describedBy, invalid: Boolean(error) };
  return h(
    "div",
    { class: ["bk-input", error && "has-error"] },
    label,
    renderElement(block.element, block, ctx, place),
    error ? h("p", { class: "bk-error", id: errorId }, icon("warning"), h("span", null, error)) : null,
    block.hint ? h("p", { class: "bk-hint", id: hintId }, renderText(block.hint, ctx)) : null,
  );
}
