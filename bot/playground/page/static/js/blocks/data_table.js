/* The data_table block: a caption, columns to sort by, and pages. */

import { announce, fill, h, icon } from "../dom.js";
import { cellText, scroller, tableCell } from "./table.js";

/** A table that the reader can sort and page through. */
export function renderDataTable(block, ctx) {
  const [head, ...rows] = block.rows;
  const size = block.page_size ?? 5;
  const state = { column: null, falling: false, page: 0 };
  const body = h("tbody");
  const pager = h("div", { class: "table-pager" });
  const heads = head.map((cell, index) => sortableHead(cell, index, look(rows, index), (column) => sortBy(column)));
  const sortBy = (column) => {
    Object.assign(state, { falling: state.column === column && !state.falling, column, page: 0 });
    draw();
    announce(`Sorted by ${cellText(head[column])}, ${state.falling ? "falling" : "rising"}`);
  };
  const turn = (by) => {
    state.page += by;
    draw();
  };
  const draw = () => {
    const sorted = inOrder(rows, state);
    const shown = sorted.slice(state.page * size, (state.page + 1) * size);
    fill(
      body,
      shown.map((row) => bodyRow(row, rows, block.row_header_column_index ?? 0, ctx)),
    );
    for (const [index, cell] of heads.entries()) markSorted(cell, index, state);
    drawPager(pager, state.page, size, rows.length, turn);
  };
  const caption = h("caption", null, block.caption);
  const table = h("table", { class: "bk-table bk-data-table" }, caption, h("thead", null, h("tr", null, heads)), body);
  draw();
  const box = scroller(table, block.caption);
  box.append(pager);
  return box;
}

function look(rows, index) {
  return rows.every((row) => row[index]?.type === "raw_number") ? "align-right" : "align-left";
}

function sortableHead(cell, index, align, onsort) {
  const button = h(
    "button",
    { type: "button", class: "sort-button", onclick: () => onsort(index) },
    h("span", null, cellText(cell)),
    icon("down"),
  );
  return h("th", { scope: "col", class: align }, button);
}

function markSorted(cell, index, { column, falling }) {
  const sorted = column === index;
  cell.setAttribute("aria-sort", sorted ? (falling ? "descending" : "ascending") : "none");
}

function bodyRow(row, rows, headColumn, ctx) {
  const cells = row.map((cell, index) => {
    const isHead = index === headColumn;
    return h(isHead ? "th" : "td", { class: look(rows, index), scope: isHead ? "row" : null }, tableCell(cell, ctx));
  });
  return h("tr", null, cells);
}

/** Numbers by value, words as a dictionary does; equal ones keep the bot's order. */
function inOrder(rows, { column, falling }) {
  if (column === null) return rows;
  const compare = (one, two) => {
    const [a, b] = [one[column], two[column]];
    if (typeof a?.value === "number" && typeof b?.value === "number") return a.value - b.value;
    return sortText(a).localeCompare(sortText(b), "en", { numeric: true, sensitivity: "base" });
  };
  return [...rows].sort((one, two) => (falling ? compare(two, one) : compare(one, two)));
}

function sortText(cell) {
  return cell?.type === "rich_text"
    ? JSON.stringify(cell.elements).replace(/"(?:type|style)":"\w+"/g, "")
    : cellText(cell ?? {});
}

function drawPager(pager, page, size, total, turn) {
  if (total <= size) return;
  const first = page * size + 1;
  const last = Math.min(total, first + size - 1);
  const had = pager.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
  const step = (name, by, off) =>
    h(
      "button",
      {
        type: "button",
        class: ["pager-button", by < 0 && "is-back"],
        "aria-label": name,
        disabled: off,
        onclick: () => turn(by),
      },
      icon("back"),
    );
  fill(
    pager,
    h("span", { role: "status" }, `${first}–${last} of ${total}`),
    step("Previous page", -1, page === 0),
    step("Next page", 1, last === total),
  );
  if (had) (pager.querySelector(`[aria-label="${had}"]:enabled`) ?? pager.querySelector("button:enabled"))?.focus();
}
