/* Cards, and a carousel of them. */

import { h, icon } from "../dom.js";
import { renderText } from "../text/index.js";
import { renderElement } from "./elements.js";
import { imageElement } from "./image.js";

/** A card: a picture, a title with its icon, words, buttons. */
export function renderCard(block, ctx) {
  const words = h(
    "div",
    { class: "card-words" },
    block.title ? h("div", { class: "card-title" }, renderText(block.title, ctx)) : null,
    block.subtitle ? h("div", { class: "card-subtitle" }, renderText(block.subtitle, ctx)) : null,
  );
  return h(
    "div",
    { class: "bk-card" },
    block.hero_image ? imageElement(block.hero_image, ctx, "card-hero") : null,
    h(
      "div",
      { class: "card-inside" },
      h("div", { class: "card-head" }, block.icon ? imageElement(block.icon, ctx, "card-icon") : null, words),
      block.body ? h("div", { class: "card-body" }, renderText(block.body, ctx)) : null,
      block.actions?.length
        ? h(
            "div",
            { class: "bk-actions" },
            block.actions.map((action) => renderElement(action, block, ctx)),
          )
        : null,
    ),
  );
}

/** Cards side by side, to scroll through. */
export function renderCarousel(block, ctx) {
  const cards = block.elements.map((card) => {
    const made = renderCard(card, ctx);
    if (card.block_id) made.dataset.blockId = card.block_id;
    return made;
  });
  const row = h(
    "div",
    { class: "carousel-row", role: "group", "aria-label": `${cards.length} cards`, tabindex: "0" },
    cards,
  );
  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const move = (by) => row.scrollBy({ left: by * (cards[0].offsetWidth + 12), behavior: calm() ? "auto" : "smooth" });
  const step = (name, by) =>
    h(
      "button",
      { type: "button", class: ["pager-button", by < 0 && "is-back"], "aria-label": name, onclick: () => move(by) },
      icon("back"),
    );
  const steps =
    cards.length > 1 ? h("div", { class: "carousel-steps" }, step("Previous card", -1), step("Next card", 1)) : null;
  return h("div", { class: "bk-carousel" }, row, steps);
}
