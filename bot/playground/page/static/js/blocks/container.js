/* A frame around other blocks, with a title; some can be folded. */

import { h, icon } from "../dom.js";
import { renderText } from "../text/index.js";
import { imageElement } from "./image.js";
import { richInline, richParts } from "./rich_text.js";

/** A container; `renderBlock` draws what is in it. */
export function renderContainer(block, ctx, renderBlock) {
  const head = [
    block.icon ? imageElement(block.icon, ctx, "card-icon") : null,
    h(
      "span",
      { class: "card-words" },
      h("span", { class: "card-title" }, titleOf(block, ctx)),
      block.subtitle ? h("span", { class: "card-subtitle" }, renderText(block.subtitle, ctx)) : null,
    ),
  ];
  const body = h(
    "div",
    { class: "container-body" },
    block.child_blocks.map((child) => renderBlock(child, ctx)),
  );
  const look = ["bk-container", `width-${block.width ?? "standard"}`, block.has_header_divider ? "has-divider" : null];
  if (!block.is_collapsible) return h("div", { class: look }, h("div", { class: "container-head" }, head), body);
  const summary = h("summary", { class: "container-head" }, head, icon("down"));
  return h("details", { class: look, open: !block.default_collapsed }, summary, body);
}

function titleOf(block, ctx) {
  const rich = block.rich_text_title;
  if (!rich) return renderText(block.title, ctx);
  const quiet = { ...ctx, openUser: null, openChannel: null };
  return (rich.elements ?? []).flatMap((part) =>
    part.type === "rich_text_section" ? richInline(part.elements, quiet) : richParts([part], quiet),
  );
}
