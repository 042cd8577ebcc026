/* Slack's own markup, mrkdwn, into nodes. Formatting never crosses a line, and never reaches into code. */

import { h } from "../dom.js";
import { EMOJI, emojiOf } from "./emoji.js";
import { channelMention, codeBlock, emoji, groupMention, isSafeUrl, link, moment, userMention } from "./nodes.js";

const FENCE = /```([\s\S]+?)```/g;
const QUOTE = /^(?:>|&gt;) ?/;
const LONG_QUOTE = /^(?:>>>|&gt;&gt;&gt;)\s?/;
const BULLET = /^(\s*)([•◦▪‣]|[-–](?= ))\s+(?=\S)/;
const BARE_URL = /https?:\/\/[^\s<>|"`]+/y;
const WORD = /[\p{L}\p{N}]/u;
const STYLES = { "*": "strong", _: "em", "~": "s" };

/** A fragment of nodes for mrkdwn; with `verbatim`, plain addresses stay text as Slack leaves them. */
export function mrkdwnNodes(text, ctx, { verbatim = false } = {}) {
  const into = document.createDocumentFragment();
  const reading = { ctx, verbatim };
  let at = 0;
  for (const fence of text.matchAll(FENCE)) {
    if (!fence[1].trim()) continue;
    lines(text.slice(at, fence.index).replace(/\n$/, ""), reading, into);
    const code = unescape(tokensAsText(fence[1].replace(/^\n/, "").replace(/\n$/, ""), ctx));
    into.append(codeBlock(code));
    at = fence.index + fence[0].length;
    if (text[at] === "\n") at += 1;
  }
  lines(text.slice(at), reading, into);
  return into;
}

/** `&amp;`, `&lt;` and `&gt;` as the characters they stand for, once. */
export function unescape(text) {
  return text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">" })[name]);
}

function lines(text, reading, into) {
  if (!text) return;
  const all = text.split("\n");
  let quote = null;
  let broken = true;
  for (let index = 0; index < all.length; index += 1) {
    if (LONG_QUOTE.test(all[index])) {
      const rest = all.slice(index).join("\n").replace(LONG_QUOTE, "");
      into.append(h("blockquote", null, flow(rest.split("\n"), reading)));
      return;
    }
    if (QUOTE.test(all[index])) {
      quote = quote ?? [];
      quote.push(all[index].replace(QUOTE, ""));
      if (QUOTE.test(all[index + 1] ?? "") && !LONG_QUOTE.test(all[index + 1])) continue;
      into.append(h("blockquote", null, flow(quote, reading)));
      quote = null;
      broken = true;
      continue;
    }
    broken = line(all[index], reading, into, broken);
  }
}

function flow(texts, reading) {
  const into = document.createDocumentFragment();
  let broken = true;
  for (const text of texts) broken = line(text, reading, into, broken);
  return into;
}

/** One line; answers whether what it made ends in a break of its own. */
function line(text, reading, into, broken) {
  const bullet = BULLET.exec(text);
  if (bullet) {
    const depth = Math.min(4, Math.floor(bullet[1].length / 2));
    const mark = h("span", { class: "bullet-mark" }, `${bullet[2]} `);
    const rest = inline(text.slice(bullet[0].length), reading);
    into.append(h("span", { class: `bullet-line indent-${depth}` }, mark, h("span", null, rest)));
    return true;
  }
  if (!broken) into.append(h("br"));
  if (text === "" && broken && into.childNodes.length) into.append(h("br"));
  into.append(inline(text, reading));
  return false;
}

/** Formatted words of one line. */
function inline(text, reading) {
  const into = document.createDocumentFragment();
  let plain = "";
  let at = 0;
  const flush = () => {
    if (plain) into.append(unescape(plain));
    plain = "";
  };
  while (at < text.length) {
    const found = READERS[text[at]]?.(text, at, reading) ?? null;
    if (found) {
      flush();
      into.append(found.node);
      at += found.length;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  flush();
  return into;
}

const READERS = {
  "`": inlineCode,
  "<": token,
  "*": styled,
  _: styled,
  "~": styled,
  ":": named,
  h: address,
};

const isEdge = (character) => !character || !WORD.test(character);

function inlineCode(text, at, { ctx }) {
  const end = text.indexOf("`", at + 1);
  if (end <= at + 1 || !isEdge(text[at - 1]) || !text.slice(at + 1, end).trim()) return null;
  const code = unescape(tokensAsText(text.slice(at + 1, end), ctx));
  return { node: h("code", null, code), length: end - at + 1 };
}

function styled(text, at, reading) {
  const mark = text[at];
  if (!isEdge(text[at - 1]) || !text[at + 1] || /\s/.test(text[at + 1]) || text[at + 1] === mark) return null;
  const end = closing(text, at, mark);
  if (end < 0) return null;
  return { node: h(STYLES[mark], null, inline(text.slice(at + 1, end), reading)), length: end - at + 1 };
}

/** Where a formatting mark is closed: not inside code or a token, after a non-space, before a word's edge. */
function closing(text, at, mark) {
  for (let index = at + 1; index < text.length; index += 1) {
    const past = { "`": "`", "<": ">" }[text[index]];
    const skip = past ? text.indexOf(past, index + 1) : -1;
    if (skip > 0) index = skip;
    else if (text[index] === mark && index > at + 1 && !/\s/.test(text[index - 1]) && isEdge(text[index + 1]))
      return index;
  }
  return -1;
}

function named(text, at) {
  EMOJI.lastIndex = at;
  const found = EMOJI.exec(text);
  return found && emojiOf(found[1]) ? { node: emoji(found[1]), length: found[0].length } : null;
}

function address(text, at, { verbatim }) {
  BARE_URL.lastIndex = at;
  const found = verbatim || !isEdge(text[at - 1]) ? null : BARE_URL.exec(text);
  if (!found) return null;
  const raw = found[0].replace(/(?:[.,:;!?)\]'*_~]|&gt;|&lt;)+$/, "");
  const url = unescape(raw);
  return isSafeUrl(url) ? { node: link(url, url), length: raw.length } : null;
}

/** `<...>`: a mention, a channel, a moment or a link. Anything else stays as it is written. */
function token(text, at, reading) {
  const end = text.indexOf(">", at);
  if (end < 0) return null;
  const node = tokenNode(text.slice(at + 1, end), reading, at === 0);
  return node ? { node, length: end - at + 1 } : null;
}

function tokenNode(inner, { ctx }, opening) {
  const split = inner.indexOf("|");
  const target = split < 0 ? inner : inner.slice(0, split);
  const label = split < 0 ? "" : unescape(inner.slice(split + 1));
  if (/^@[UWB]\w+$/.test(target)) return userMention(target.slice(1), ctx, label.replace(/^@/, ""));
  if (/^#[CGD]\w+$/.test(target)) return channelMention(target.slice(1), ctx, label.replace(/^#/, ""));
  if (target.startsWith("!")) return special(target.slice(1), label, ctx, opening);
  if (!/^[a-z][a-z0-9+.-]*:./i.test(target)) return null;
  const url = unescape(target);
  return link(url, label || url.replace(/^mailto:/, ""));
}

function special(target, label, ctx, opening) {
  const [name, ...rest] = target.split("^");
  if (name === "date") {
    const [epoch, format, url] = rest;
    const known = /^-?\d+$/.test(epoch ?? "") ? epoch : "";
    return moment(known, format && unescape(format), { url: url && unescape(url), fallback: label, opening }, ctx);
  }
  if (name === "subteam") return groupMention(label.replace(/^@/, "") || rest[0] || "group");
  if (["here", "channel", "everyone"].includes(name)) return groupMention(name);
  return label ? document.createTextNode(label) : null;
}

/** Inside code a mention or a link is only its text. */
function tokensAsText(text, ctx) {
  const quiet = { ...ctx, openUser: null, openChannel: null };
  return text.replace(/<([^<>]+)>/g, (typed, inner) => {
    const node = tokenNode(inner, { ctx: quiet }, false);
    return node ? node.textContent.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]) : typed;
  });
}
