/* Text as Slack shows it. Everything made here is text nodes inside elements of our own: nothing typed is markup. */

import { h } from "../dom.js";
import { EMOJI, emojiOf } from "./emoji.js";
import { markdownNodes } from "./markdown.js";
import { mrkdwnNodes, unescape } from "./mrkdwn.js";
import { emoji } from "./nodes.js";

/** mrkdwn as a fragment; with `verbatim`, plain addresses stay text. */
export function renderMrkdwn(text, ctx, options) {
  return mrkdwnNodes(String(text ?? ""), ctx, options);
}

/** Standard Markdown as a fragment. */
export function renderMarkdown(text, ctx) {
  return markdownNodes(String(text ?? ""), ctx);
}

/** A text object: mrkdwn with its markup, plain_text with only emoji and line breaks. */
export function renderText(object, ctx) {
  const text = String(object?.text ?? "");
  if (object?.type === "mrkdwn") return renderMrkdwn(text, ctx, { verbatim: object.verbatim === true });
  return renderPlain(unescape(text), object?.emoji !== false);
}

/** Literal text: line breaks kept, and emoji names as emoji where wanted. */
export function renderPlain(text, emojis = true) {
  const into = document.createDocumentFragment();
  for (const [index, line] of text.split("\n").entries()) {
    if (index) into.append(h("br"));
    if (emojis) withNames(line, into);
    else into.append(line);
  }
  return into;
}

/** mrkdwn as one line of plain words, for badges, titles and accessible names. */
export function plainText(text, ctx = {}) {
  const quiet = { ...ctx, openUser: null, openChannel: null };
  const shown = h("div", null, renderMrkdwn(String(text ?? ""), quiet));
  for (const lineBreak of shown.querySelectorAll("br")) lineBreak.replaceWith(" ");
  for (const button of shown.querySelectorAll("button")) button.remove();
  return shown.textContent.replace(/\s+/g, " ").trim();
}

function withNames(text, into) {
  let plain = "";
  let at = 0;
  while (at < text.length) {
    EMOJI.lastIndex = at;
    const found = text[at] === ":" ? EMOJI.exec(text) : null;
    if (found && emojiOf(found[1])) {
      into.append(plain, emoji(found[1]));
      plain = "";
      at += found[0].length;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  into.append(plain);
}
