/* JSON as one reads it: coloured, indented, each object and list to be folded. Built of nodes, never of markup. */

import { h } from "../dom.js";

const LONG = 12;

/** A value as nodes; deep or long parts start folded. */
export function renderJson(value, depth = 0) {
  if (value === null || typeof value !== "object") return leaf(value);
  const isList = Array.isArray(value);
  const entries = Object.entries(value);
  const [open, close] = isList ? "[]" : "{}";
  if (!entries.length) return h("span", { class: "json-mark" }, open + close);
  const named = (name) => !isList && h("span", { class: "json-name" }, `${name}: `);
  const rows = entries.map(([name, inner]) => h("div", { class: "json-row" }, named(name), renderJson(inner, depth + 1)));
  const size = isList ? `${entries.length} items` : entries.slice(0, 4).map(([name]) => name).join(", ");
  const folded = h("span", { class: "json-size" }, ` ${size} ${close}`);
  const shown = depth < 3 || (depth < 6 && entries.length <= LONG);
  const mark = (text) => h("span", { class: "json-mark" }, text);
  return h("details", { class: "json", open: shown }, h("summary", null, mark(open), folded), rows, mark(close));
}

function leaf(value) {
  const kind = value === null ? "null" : typeof value;
  return h("span", { class: `json-${kind}` }, kind === "string" ? JSON.stringify(value) : String(value));
}
