/* Standard Markdown, as the markdown block takes it: read line by line into blocks. */

import { h } from "../dom.js";
import { markdownInline } from "./markdown_inline.js";
import { codeBlock } from "./nodes.js";

const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const FENCE = /^ {0,3}(```+|~~~+)/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^(\s*)(?:([-*+])|(\d{1,9})[.)])\s+(.*)$/;
const QUOTE = /^ {0,3}> ?/;
const TABLE_LINE = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;

/** A fragment of nodes for Markdown text. */
export function markdownNodes(text, ctx) {
  const into = document.createDocumentFragment();
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  let at = 0;
  while (at < lines.length) {
    const read = READERS.find((reader) => reader.starts(lines, at)) ?? PARAGRAPH;
    at = read.take(lines, at, into, ctx);
  }
  return into;
}

const BLANK = {
  starts: (lines, at) => !lines[at].trim(),
  take: (_lines, at) => at + 1,
};

const CODE = {
  starts: (lines, at) => FENCE.test(lines[at]),
  take: (lines, at, into) => {
    const mark = FENCE.exec(lines[at])[1];
    let end = at + 1;
    while (end < lines.length && !lines[end].trimStart().startsWith(mark)) end += 1;
    into.append(codeBlock(lines.slice(at + 1, end).join("\n")));
    return end + 1;
  },
};

const TITLE = {
  starts: (lines, at) => HEADING.test(lines[at]),
  take: (lines, at, into, ctx) => {
    const [, marks, text] = HEADING.exec(lines[at]);
    const level = Math.min(6, (ctx.headingLevel ?? 3) + marks.length - 1);
    const props = { class: `md-heading md-h${marks.length}`, role: "heading", "aria-level": level };
    into.append(h("div", props, markdownInline(text, ctx)));
    return at + 1;
  },
};

const LINE = {
  starts: (lines, at) => RULE.test(lines[at]),
  take: (_lines, at, into) => {
    into.append(h("hr", { class: "bk-divider" }));
    return at + 1;
  },
};

const QUOTED = {
  starts: (lines, at) => QUOTE.test(lines[at]),
  take: (lines, at, into, ctx) => {
    let end = at;
    while (end < lines.length && QUOTE.test(lines[end])) end += 1;
    const inner = lines
      .slice(at, end)
      .map((line) => line.replace(QUOTE, ""))
      .join("\n");
    into.append(h("blockquote", null, markdownNodes(inner, ctx)));
    return end;
  },
};

const LIST = {
  starts: (lines, at) => ITEM.test(lines[at]),
  take: (lines, at, into, ctx) => {
    const items = [];
    let end = at;
    for (; end < lines.length && lines[end].trim(); end += 1) {
      const found = ITEM.exec(lines[end]);
      if (found) items.push({ indent: found[1].length, number: found[3], text: found[4] });
      else if (READERS.some((reader) => reader !== LIST && reader.starts(lines, end))) break;
      else items.at(-1).text += `\n${lines[end].trim()}`;
    }
    into.append(nested(items, ctx));
    return end;
  },
};

/** Items deeper than the first belong to the item before them. */
function nested(items, ctx) {
  const first = items[0];
  const ordered = first.number !== undefined;
  const list = h(ordered ? "ol" : "ul", { class: "rich-list", start: ordered ? first.number : null });
  for (let at = 0; at < items.length;) {
    let end = at + 1;
    while (end < items.length && items[end].indent > first.indent + 1) end += 1;
    const below = items.slice(at + 1, end);
    list.append(item(items[at], below.length ? nested(below, ctx) : null, ctx));
    at = end;
  }
  return list;
}

function item({ text }, below, ctx) {
  const task = /^\[([ xX])\]\s+/.exec(text);
  if (!task) return h("li", null, markdownInline(text, ctx), below);
  const done = task[1] !== " ";
  const box = h("span", { class: "task-box", role: "img", "aria-label": done ? "Done" : "To do" }, done ? "☑" : "☐");
  return h("li", { class: "task-item" }, box, " ", markdownInline(text.slice(task[0].length), ctx), below);
}

const TABLE = {
  starts: (lines, at) => lines[at].includes("|") && TABLE_LINE.test(lines[at + 1] ?? "") && lines[at + 1].includes("-"),
  take: (lines, at, into, ctx) => {
    const aligns = cells(lines[at + 1]).map(alignOf);
    let end = at + 2;
    while (end < lines.length && lines[end].includes("|")) end += 1;
    const row = (line, tag) => {
      const made = cells(line).map((text, index) => {
        const props = { class: `align-${aligns[index] ?? "left"}`, scope: tag === "th" ? "col" : null };
        return h(tag, props, markdownInline(text, ctx));
      });
      return h("tr", null, made);
    };
    const body = lines.slice(at + 2, end).map((line) => row(line, "td"));
    const table = h("table", { class: "bk-table" }, h("thead", null, row(lines[at], "th")), h("tbody", null, body));
    into.append(h("div", { class: "table-scroll", role: "group", "aria-label": "Table", tabindex: "0" }, table));
    return end;
  },
};

function cells(line) {
  const inner = line
    .trim()
    .replace(/^\|/, "")
    .replace(/(^|[^\\])\|$/, "$1");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function alignOf(rule) {
  if (rule.startsWith(":") && rule.endsWith(":")) return "center";
  return rule.endsWith(":") ? "right" : "left";
}

const READERS = [BLANK, CODE, TITLE, LINE, QUOTED, LIST, TABLE];

const PARAGRAPH = {
  take: (lines, at, into, ctx) => {
    let end = at + 1;
    while (end < lines.length && !READERS.some((reader) => reader.starts(lines, end))) end += 1;
    into.append(h("p", { class: "md-paragraph" }, markdownInline(lines.slice(at, end).join("\n"), ctx)));
    return end;
  },
};
