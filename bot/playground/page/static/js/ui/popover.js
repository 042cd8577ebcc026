/* Menus and small panels that open at a button: Esc and a click elsewhere close them, and focus goes back. */

import { add, h } from "../dom.js";

const GAP = 6;
const MARGIN = 8;

/** Open a panel at a button; returns a function that closes it. */
export function openPopover(anchor, content, { label, role = "dialog", align = "start", onclose } = {}) {
  const panel = add(h("div", { class: "popover", popover: "auto", role, "aria-label": label }), [content]);
  anchor.after(panel);
  panel.addEventListener("toggle", (event) => {
    if (event.newState === "open") return;
    const inside = panel.contains(document.activeElement) || document.activeElement === document.body;
    panel.remove();
    anchor.setAttribute("aria-expanded", "false");
    if (inside && anchor.isConnected) anchor.focus();
    onclose?.();
  });
  anchor.setAttribute("aria-expanded", "true");
  panel.showPopover();
  place(panel, anchor, align);
  return () => panel.isConnected && panel.hidePopover();
}

/** Open a menu of `{label, hint, run, danger, disabled, checked}`; arrow keys move, Enter chooses. */
export function openMenu(anchor, items, { label, align = "start" } = {}) {
  const buttons = items.map((item) => menuItem(item, () => close()));
  const close = openPopover(anchor, buttons, { label, role: "menu", align });
  const usable = buttons.filter((button) => !button.disabled);
  usable[0]?.focus();
  usable[0]?.parentElement.addEventListener("keydown", (event) => moveFocus(event, usable));
  return close;
}

/** Let arrow keys, Home and End move the focus through a list of elements. */
export function moveFocus(event, elements) {
  const step = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const at = elements.indexOf(document.activeElement);
  let next = null;
  if (step) next = elements[(at + step + elements.length) % elements.length];
  else if (event.key === "Home") next = elements[0];
  else if (event.key === "End") next = elements.at(-1);
  if (!next) return;
  event.preventDefault();
  next.focus();
}

function menuItem(item, close) {
  const props = {
    type: "button",
    role: item.checked === undefined ? "menuitem" : "menuitemradio",
    "aria-checked": item.checked === undefined ? null : String(item.checked),
    class: ["menu-item", item.danger && "menu-item-danger"],
    disabled: item.disabled,
    onclick: () => {
      close();
      item.run();
    },
  };
  return h("button", props, h("span", null, item.label), item.hint && h("span", { class: "menu-hint" }, item.hint));
}

function place(panel, anchor, align) {
  const at = anchor.getBoundingClientRect();
  const size = panel.getBoundingClientRect();
  const left = align === "end" ? at.right - size.width : at.left;
  const below = at.bottom + GAP;
  const above = at.top - GAP - size.height;
  const top = below + size.height > innerHeight - MARGIN && above > MARGIN ? above : below;
  panel.style.left = `${clamp(left, MARGIN, innerWidth - size.width - MARGIN)}px`;
  panel.style.top = `${clamp(top, MARGIN, Math.max(MARGIN, innerHeight - size.height - MARGIN))}px`;
}

function clamp(value, low, high) {
  return Math.max(low, Math.min(value, high));
}
