/* rich_text: text is literal here, and its style is said beside it. */

import { h } from "../dom.js";
import { emojiOf } from "../text/emoji.js";
import { channelMention, codeBlock, emoji, groupMention, link, moment, userMention } from "../text/nodes.js";
import { renderPlain } from "../text/index.js";
import { plainOf } from "./rich_plain.js";
import { unknownBlock } from "./unknown.js";

const STYLES = [
  ["code", "code"],
  ["bold", "strong"],
  ["italic", "em"],
  ["strike", "s"],
  ["underline", "u"],
  ["highlight", "mark"],
  ["client_highlight", "mark"],
];
const MARKERS = ["disc", "circle", "square"];
const NUMBERS = ["decimal", "lower-alpha", "lower-roman"];

/** A rich_text block. */
export function renderRichText(block, ctx) {
  return h("div", { class: "bk-rich" }, richParts(block.elements, ctx));
}

/** The parts of rich text: sections, lists, quotes, preformatted lines. */
export function richParts(elements, ctx) {
  return (elements ?? []).map((part) => {
    if (!Object.hasOwn(PARTS, part.type)) return unknownBlock(part);
    return PARTS[part.type](part, ctx);
  });
}

const PARTS = {
  rich_text_section: (part, ctx) => h("div", { class: "rich-section" }, richInline(part.elements, ctx)),
  rich_text_quote: (part, ctx) => h("blockquote", null, richInline(part.elements, ctx)),
  rich_text_preformatted: (part, ctx) => {
    const shown = part.elements.map((inner) =>
      inner.type === "link" ? richInline([inner], ctx) : plainOf({ elements: [inner] }),
    );
    return codeBlock(plainOf({ elements: [{ elements: part.elements }] }), ...shown);
  },
  rich_text_list: richList,
};

function richList(part, ctx) {
  const ordered = part.style === "ordered";
  const depth = Math.min(8, part.indent ?? 0);
  const items = part.elements.map((item) =>
    h("li", null, item.type === "rich_text_section" ? richInline(item.elements, ctx) : richParts([item], ctx)),
  );
  const look = ["rich-list", `indent-${depth}`, part.border ? "has-border" : null];
  const list = h(ordered ? "ol" : "ul", { class: look, start: ordered ? (part.offset ?? 0) + 1 : null }, items);
  const marks = ordered ? NUMBERS : MARKERS;
  list.style.listStyleType = marks[depth % marks.length];
  return list;
}

/** Words, links, people, channels, emoji, moments and colours in one line of rich text. */
export function richInline(elements, ctx) {
  return (elements ?? []).map((part) => {
    if (!Object.hasOwn(INLINE, part.type)) return unknownBlock(part);
    return dressed(INLINE[part.type](part, ctx), part.style);
  });
}

const INLINE = {
  text: (part) => renderPlain(part.text, false),
  link: (part) => link(part.url, renderPlain(part.text || part.url, false)),
  user: (part, ctx) => userMention(part.user_id, ctx),
  usergroup: (part) => groupMention(part.usergroup_id),
  channel: (part, ctx) => channelMention(part.channel_id, ctx),
  emoji: (part) => (emojiOf(part.name) ? emoji(part.name) : drawn(part)),
  broadcast: (part) => groupMention(part.range),
  date: (part, ctx) =>
    moment(part.timestamp, part.format, part, part.timezone ? { ...ctx, timeZone: part.timezone } : ctx),
  color: (part) => swatch(part.value),
  team: (part) => groupMention(part.team_id),
};

function dressed(node, style) {
  return STYLES.reduce((inner, [name, tag]) => (style?.[name] ? h(tag, null, inner) : inner), node);
}

/** An emoji whose name is not known here, by the code points that came with it. */
function drawn(part) {
  const points = (part.unicode ?? "").split("-").map((point) => Number.parseInt(point, 16));
  const known = points.every((point) => point > 0 && point <= 0x10ffff);
  const text = known ? String.fromCodePoint(...points) : `:${part.name}:`;
  return h("span", { class: known ? "emoji" : null, title: `:${part.name}:` }, text);
}

function swatch(value) {
  const sample = h("span", { class: "color-sample", "aria-hidden": "true" });
  if (/^#[0-9a-f]{3,8}$/i.test(value)) sample.style.backgroundColor = value;
  return h("span", null, sample, value);
}
