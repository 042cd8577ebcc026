/* Markdown inside a line: emphasis, code, links, images as links, plain addresses, emoji, escapes. */

import { h } from "../dom.js";
import { EMOJI, emojiOf } from "./emoji.js";
import { emoji, isSafeUrl, link } from "./nodes.js";

const PUNCTUATION = /[!-/:-@[-`{-~]/;
const WORD = /[\p{L}\p{N}]/u;
const MARKS = [
  ["**", "strong"],
  ["__", "strong"],
  ["~~", "s"],
  ["*", "em"],
  ["_", "em"],
];
const LINK =
  /!?\[((?:[^[\]\\]|\\.|\[[^\]]*\])*)\]\(\s*<?([^()\s<>]*(?:\([^()\s]*\)[^()\s<>]*)*)>?(?:\s+"[^"]*")?\s*\)/y;
const ADDRESS = /<(https?:\/\/[^\s<>]+|mailto:[^\s<>]+)>|https?:\/\/[^\s<>()"`]+/y;

/** A fragment of nodes for one run of Markdown text; line breaks are kept. */
export function markdownInline(text, ctx) {
  const into = document.createDocumentFragment();
  let plain = "";
  let at = 0;
  const put = (found) => {
    if (plain) into.append(plain);
    plain = "";
    into.append(found.node);
    at += found.length;
  };
  while (at < text.length) {
    if (text[at] === "\\" && PUNCTUATION.test(text[at + 1] ?? "")) {
      plain += text[at + 1];
      at += 2;
      continue;
    }
    const found = read(text, at, ctx);
    if (found) put(found);
    else plain += text[at++];
  }
  if (plain) into.append(plain);
  return into;
}

function read(text, at, ctx) {
  switch (text[at]) {
    case "\n":
      return { node: h("br"), length: 1 };
    case "`":
      return code(text, at);
    case "[":
    case "!":
      return linked(text, at, ctx);
    case ":":
      return named(text, at);
    case "<":
    case "h":
      return address(text, at);
    case "*":
    case "_":
    case "~":
      return emphasis(text, at, ctx);
    default:
      return null;
  }
}

function code(text, at) {
  const ticks = /^`+/.exec(text.slice(at))[0];
  const end = text.indexOf(ticks, at + ticks.length);
  if (end < 0) return null;
  const inner = text.slice(at + ticks.length, end).replace(/^ (.+) $/, "$1");
  return inner ? { node: h("code", null, inner), length: end + ticks.length - at } : null;
}

function linked(text, at, ctx) {
  LINK.lastIndex = at;
  const found = LINK.exec(text);
  if (!found) return null;
  const [whole, label, url] = found;
  return { node: link(url, markdownInline(label || url, ctx)), length: whole.length };
}

function named(text, at) {
  EMOJI.lastIndex = at;
  const found = EMOJI.exec(text);
  return found && emojiOf(found[1]) ? { node: emoji(found[1]), length: found[0].length } : null;
}

function address(text, at) {
  ADDRESS.lastIndex = at;
  const found = WORD.test(text[at - 1] ?? "") ? null : ADDRESS.exec(text);
  if (!found) return null;
  const url = found[1] ?? found[0].replace(/[.,:;!?*_~'\]]+$/, "");
  return isSafeUrl(url) ? { node: link(url, url), length: found[1] ? found[0].length : url.length } : null;
}

function emphasis(text, at, ctx) {
  for (const [mark, tag] of MARKS) {
    if (!text.startsWith(mark, at)) continue;
    const end = closing(text, at, mark);
    if (end < 0) continue;
    const inner = markdownInline(text.slice(at + mark.length, end), ctx);
    return { node: h(tag, null, inner), length: end + mark.length - at };
  }
  return null;
}

/** Where emphasis ends; underscores inside words are only underscores. */
function closing(text, at, mark) {
  const start = at + mark.length;
  if (!text[start] || /\s/.test(text[start])) return -1;
  if (mark[0] === "_" && WORD.test(text[at - 1] ?? "")) return -1;
  for (let end = start; (end = text.indexOf(mark, end)) >= 0; end += 1) {
    if (end === start || /[\s\\]/.test(text[end - 1])) continue;
    if (mark.length === 1 && text[end + 1] === mark) {
      end += 1;
      continue;
    }
    if (mark[0] === "_" && WORD.test(text[end + mark.length] ?? "")) continue;
    if (inCode(text, start, end)) continue;
    while (text[end + mark.length] === mark[0]) end += 1;
    return end;
  }
  return -1;
}

function inCode(text, start, end) {
  return (text.slice(start, end).match(/`/g) ?? []).length % 2 === 1;
}
