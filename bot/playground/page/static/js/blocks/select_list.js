/* The open list of a select: options, under their groups. */

import { fill, h, icon } from "../dom.js";
import { freshId } from "./field.js";

/** Draws the items and answers the option elements, in order. */
export function drawOptions(list, items, { isPicked, isOff, pick }) {
  const options = items.map((item) => optionOf(item, isPicked(item), isOff(item), pick));
  const parts = [];
  let group = null;
  for (const [index, item] of items.entries()) {
    if (!item.group) {
      parts.push(options[index]);
      continue;
    }
    if (group?.id !== item.group.id) {
      const id = freshId("group");
      const label = h("div", { class: "select-group-label", id, role: "presentation" }, item.group.label);
      group = { id: item.group.id, root: h("div", { role: "group", "aria-labelledby": id }, label) };
      parts.push(group.root);
    }
    group.root.append(options[index]);
  }
  fill(list, parts);
  return options;
}

function optionOf(item, picked, off, pick) {
  const props = {
    id: freshId("option"),
    class: "select-option",
    role: "option",
    "aria-selected": picked ? "true" : "false",
    "aria-disabled": off ? "true" : null,
    onclick: off ? null : () => pick(item),
  };
  const about = item.about ? h("span", { class: "option-about" }, item.about) : null;
  return h(
    "div",
    props,
    h("span", { class: "option-words" }, h("span", null, item.label), about),
    picked ? icon("check") : null,
  );
}
