/* Buttons, buttons that are links, and overflow menus. */

import { h, icon } from "../dom.js";
import { isSafeUrl } from "../text/nodes.js";
import { renderText } from "../text/index.js";
import { confirmed, freshId, isBusy, whileBusy } from "./field.js";
import { floating } from "./floating.js";

/** A button; while the bot works on a press it is busy and takes no other. */
export function renderButton(field) {
  const { block, element, ctx } = field;
  const look = ["bk-button", element.style && `bk-button-${element.style}`];
  const name = element.accessibility_label ?? null;
  const label = h("span", { class: "bk-button-label" }, renderText(element.text, ctx));
  if (isSafeUrl(element.url)) return linkButton(field, look, name, label);
  const press = async () => {
    if (isBusy(button)) return;
    await whileBusy(button, async () => {
      if (await confirmed(element, ctx)) await ctx.act(block, element, element.value ?? null);
    });
  };
  const button = h("button", { type: "button", class: look, "aria-label": name, onclick: press }, label);
  button.dataset.actionId = element.action_id ?? "";
  return button;
}

/** It opens the address, and tells the bot as Slack does. */
function linkButton({ block, element, ctx }, look, name, label) {
  const press = async (event) => {
    if (element.confirm) {
      event.preventDefault();
      if (!(await confirmed(element, ctx))) return;
      window.open(element.url, "_blank", "noreferrer");
    }
    if (element.action_id) await ctx.act(block, element, element.value ?? null);
  };
  const props = {
    class: look,
    href: element.url,
    target: "_blank",
    rel: "noreferrer noopener",
    "aria-label": name,
    onclick: press,
  };
  return h("a", props, label);
}

/** Three dots that open a short menu. */
export function renderOverflow(field) {
  const { element } = field;
  const id = freshId("menu");
  const menu = h("div", { id, class: "bk-menu", role: "menu", popover: "manual", "aria-label": "More options" });
  const button = h(
    "button",
    {
      type: "button",
      class: "bk-button bk-overflow",
      "aria-label": "More options",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-controls": id,
    },
    icon("more"),
  );
  const float = floating(button, menu, {
    onclose: () => button.setAttribute("aria-expanded", "false"),
    align: "end",
  });
  const open = (index) => {
    float.open();
    button.setAttribute("aria-expanded", "true");
    menu.children[(index + menu.children.length) % menu.children.length].focus();
  };
  menu.append(...element.options.map((option) => menuItem(field, option, button, float)));
  menu.addEventListener("keydown", (event) => walk(event, menu, button, float));
  button.addEventListener("click", () => (float.isOpen() ? float.close() : open(0)));
  button.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    open(event.key === "ArrowUp" ? -1 : 0);
  });
  return h("span", { class: "bk-overflow-box" }, button, menu);
}

function menuItem({ block, element, ctx }, option, button, float) {
  const about = option.description ? h("span", { class: "option-about" }, renderText(option.description, ctx)) : null;
  const pick = async () => {
    float.close();
    button.focus();
    if (isSafeUrl(option.url)) window.open(option.url, "_blank", "noreferrer");
    await whileBusy(button, async () => {
      if (await confirmed(element, ctx)) await ctx.act(block, element, option.value);
    });
  };
  return h(
    "button",
    { type: "button", role: "menuitem", tabindex: "-1", class: "bk-menu-item", onclick: pick },
    h("span", null, renderText(option.text, ctx)),
    about,
  );
}

function walk(event, menu, button, float) {
  const items = [...menu.children];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (event.key === "Escape" || event.key === "Tab") {
    if (event.key === "Escape") event.preventDefault();
    event.stopPropagation();
    float.close();
    button.focus();
  } else if (to !== undefined) {
    event.preventDefault();
    items.at(to % items.length).focus();
  }
}
