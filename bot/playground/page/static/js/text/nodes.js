/* The nodes that text is made of: links, mentions, moments, emoji, code with its Copy button. */

import { announce, h, icon } from "../dom.js";
import { nameOf } from "../names.js";
import { toClipboard } from "../ui/clipboard.js";
import { formatDate } from "./dates.js";
import { emojiOf } from "./emoji.js";

const SAFE = /^(?:https?:\/\/[^/\s]|mailto:[^\s@]+@)/i;
const COPIED_MS = 2000;

/** Whether an address may become a link: only http, https and mailto. */
export function isSafeUrl(url) {
  return SAFE.test(url ?? "") && URL.canParse(url);
}

/** A link that opens elsewhere; only its text when the address is not safe. */
export function link(url, ...label) {
  if (!isSafeUrl(url)) return h("span", null, ...label);
  return h("a", { class: "link", href: url, rel: "noreferrer noopener", target: "_blank" }, ...label);
}

/** A person, as a button that opens their profile; marked when it is the reader. */
export function userMention(id, ctx, label) {
  const name = nameOf(ctx.users?.[id], label || id);
  const me = id === (ctx.me?.id ?? ctx.me);
  return mention(`@${name}`, me ? "mention mention-me" : "mention", ctx.openUser && (() => ctx.openUser(id)));
}

/** A channel, as a button that opens it. */
export function channelMention(id, ctx, label) {
  const name = ctx.channels?.[id]?.name || label || id;
  return mention(`#${name}`, "mention", ctx.openChannel && (() => ctx.openChannel(id)));
}

/** `@here`, `@channel`, `@everyone` or a group of people. */
export function groupMention(name) {
  return mention(`@${name}`, "mention mention-group", null);
}

function mention(text, look, open) {
  if (!open) return h("span", { class: look }, text);
  const press = (event) => {
    event.preventDefault();
    open();
  };
  return h("button", { type: "button", class: look, onclick: press }, text);
}

/** A moment in the reader's time zone; the fallback when it cannot be told. */
export function moment(epoch, format, { url, fallback, opening }, ctx) {
  const at = new Date(Number(epoch) * 1000);
  if (epoch === "" || Number.isNaN(at.getTime()) || !format) return document.createTextNode(fallback ?? "");
  const text = formatDate(Number(epoch), format, ctx, opening);
  const full = formatDate(Number(epoch), "{date_long} {time}", ctx);
  const time = h("time", { datetime: at.toISOString(), title: full }, text);
  return url ? link(url, time) : time;
}

/** An emoji by name; its name as text when it is not known. */
export function emoji(name, typed = `:${name}:`) {
  const character = emojiOf(name);
  return character ? h("span", { class: "emoji", title: `:${name}:` }, character) : document.createTextNode(typed);
}

/** Code on its own lines, with a button that copies it exactly. */
export function codeBlock(text, ...shown) {
  const label = h("span", null, "Copy");
  const copy = async () => {
    if (!(await toClipboard(text))) return;
    label.textContent = "Copied";
    announce("Copied");
    setTimeout(() => (label.textContent = "Copy"), COPIED_MS);
  };
  const button = h("button", { type: "button", class: "copy-button", onclick: copy }, icon("copy"), label);
  const content = shown.length ? shown : [text];
  return h("div", { class: "code-block" }, h("pre", null, h("code", null, ...content)), button);
}
