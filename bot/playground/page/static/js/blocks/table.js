/* The table block: the first row is its head; it scrolls within its own box. */

import { h } from "../dom.js";
import { richParts } from "./rich_text.js";
import { renderPlain } from "../text/index.js";

/** A table with each column's alignment and wrapping. */
export function renderTable(block, ctx) {
  const looks = (block.rows[0] ?? []).map((_, index) => columnLook(block, index));
  const row = (cells, tag) =>
    h(
      "tr",
      null,
      cells.map((cell, index) =>
        h(tag, { class: looks[index], scope: tag === "th" ? "col" : null }, tableCell(cell, ctx)),
      ),
    );
  const [head, ...body] = block.rows;
  const table = h(
    "table",
    { class: "bk-table" },
    h("thead", null, row(head, "th")),
    h(
      "tbody",
      null,
      body.map((cells) => row(cells, "td")),
    ),
  );
  return scroller(table, "Table");
}

/** A table in a box of its own that scrolls sideways, by keyboard too. */
export function scroller(table, name) {
  return h(
    "div",
    { class: "bk-table-box" },
    h("div", { class: "table-scroll", role: "group", "aria-label": name, tabindex: "0" }, table),
  );
}

/** What stands in one cell. */
export function tableCell(cell, ctx) {
  if (cell.type === "rich_text") return richParts(cell.elements, ctx);
  return renderPlain(cellText(cell));
}

/** A cell's text; a number without one is written out. */
export function cellText(cell) {
  if (cell.text !== undefined) return String(cell.text);
  return typeof cell.value === "number" ? cell.value.toLocaleString("en-US") : String(cell.value ?? "");
}

function columnLook(block, index) {
  const setting = block.column_settings?.[index] ?? {};
  const numbers = block.rows.length > 1 && block.rows.slice(1).every((row) => row[index]?.type === "raw_number");
  return [`align-${setting.align ?? (numbers ? "right" : "left")}`, setting.is_wrapped ? "is-wrapped" : null];
}
