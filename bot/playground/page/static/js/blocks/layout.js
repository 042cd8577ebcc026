/* The blocks that are words and pictures: section, header, divider, context, actions, image, alert, markdown. */

import { h, icon } from "../dom.js";
import { renderMarkdown, renderText } from "../text/index.js";
import { renderElement } from "./elements.js";
import { imageElement } from "./image.js";

/** A section: text, fields in two columns, and something at its right. */
export function renderSection(block, ctx) {
  const text = block.text ? h("div", { class: "bk-text" }, renderText(block.text, ctx)) : null;
  const fields = block.fields?.length
    ? h(
        "div",
        { class: "bk-fields" },
        block.fields.map((field) => h("div", { class: "bk-field" }, renderText(field, ctx))),
      )
    : null;
  const body = h("div", { class: "bk-section-body" }, text, fields);
  if (!block.accessory) return h("div", { class: "bk-section" }, body);
  const look = block.accessory.type === "image" ? "bk-accessory bk-accessory-image" : "bk-accessory";
  const accessory = h("div", { class: look }, renderElement(block.accessory, block, ctx));
  return h("div", { class: "bk-section has-accessory" }, body, accessory);
}

/** A heading; `level` says how large. */
export function renderHeader(block, ctx) {
  const size = Math.min(4, Math.max(1, block.level ?? 2));
  const props = { class: `bk-header bk-header-${size}`, role: "heading", "aria-level": ctx.headingLevel ?? 3 };
  return h("div", props, renderText(block.text, ctx));
}

/** A line between things. */
export function renderDivider() {
  return h("hr", { class: "bk-divider" });
}

/** Small print, with small pictures. */
export function renderContext(block, ctx) {
  const parts = block.elements.map((part) =>
    part.type === "image"
      ? imageElement(part, ctx, "bk-context-image")
      : h("span", { class: "bk-context-text" }, renderText(part, ctx)),
  );
  return h("div", { class: "bk-context" }, parts);
}

/** A row of things to press or pick. */
export function renderActions(block, ctx) {
  return h(
    "div",
    { class: "bk-actions" },
    block.elements.map((element) => renderElement(element, block, ctx)),
  );
}

/** A picture with a title above it. */
export function renderImage(block, ctx) {
  const title = block.title ? h("figcaption", { class: "bk-image-title" }, renderText(block.title, ctx)) : null;
  return h("figure", { class: "bk-image" }, title, imageElement(block, ctx, "bk-image-picture"));
}

/** Standard Markdown. */
export function renderMarkdownBlock(block, ctx) {
  return h("div", { class: "bk-markdown" }, renderMarkdown(block.text, ctx));
}

const LEVELS = {
  default: ["clock", "Note"],
  info: ["warning", "Information"],
  warning: ["warning", "Warning"],
  error: ["warning", "Error"],
  success: ["check", "Done"],
};

/** A notice in a modal; its level is said in colour, in a sign and in words. */
export function renderAlert(block, ctx) {
  const level = Object.hasOwn(LEVELS, block.level) ? block.level : "default";
  const [sign, words] = LEVELS[level];
  const text = h(
    "div",
    { class: "bk-alert-text" },
    h("span", { class: "unseen" }, `${words}: `),
    renderText(block.text, ctx),
  );
  return h("div", { class: `bk-alert bk-alert-${level}`, role: "note" }, icon(sign), text);
}
