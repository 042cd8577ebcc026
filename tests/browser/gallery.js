/* The harness of the renderer's tests: shows blocks with a context that writes down what happens. */

import { h } from "/static/js/dom.js";
import { renderBlocks } from "/static/js/blocks/index.js";
import { plainText, renderMrkdwn, renderText } from "/static/js/text/index.js";

const USERS = Object.fromEntries(
  [
    ["ana", "Ana Alvarez"], ["ben", "Ben Becker"], ["omar", "Omar Osman"], ["olga", "Olga Orlova"],
    ["fay", "Fay Fischer"], ["gus", "Gus Garcia"], ["eve", "Eve Evans"], ["purser", "Purser"],
  ].map(([name, real]) => {
    const id = `U0${name.toUpperCase()}`;
    return [id, { id, name, display_name: real.split(" ")[0], real_name: real, is_bot: name === "purser", deleted: false }];
  }),
);
const CHANNELS = {
  C0GENERAL: { name: "general", kind: "public_channel" },
  C0SEARCH: { name: "search", kind: "public_channel" },
  C0OPS: { name: "ops-private", kind: "private_channel" },
};

const stage = document.getElementById("stage");
const gallery = { acts: [], drafts: {}, opened: [], asked: [], confirmAnswer: true, hold: null, options: [] };

function context({ surface = "message", timeZone = "Europe/Madrid", now = "2026-11-20T18:30:00Z", errors = {}, me = "U0ANA" } = {}) {
  return {
    users: USERS, channels: CHANNELS, timeZone, surface, errors, me,
    now: () => new Date(now),
    act: async (block, element, value) => {
      gallery.acts.push({ block: block.block_id, action: element.action_id, value });
      if (gallery.hold) await new Promise((resolve) => (gallery.release = resolve));
    },
    options: async (_block, _element, typed) => {
      gallery.asked.push(typed);
      return gallery.options.filter((option) => option.text.text.toLowerCase().includes(typed.toLowerCase()));
    },
    draft: {
      get: (block, action) => gallery.drafts[block]?.[action],
      set: (block, action, value) => (gallery.drafts[block] = { ...gallery.drafts[block], [action]: value }),
    },
    confirm: async (asked) => {
      gallery.asked.push(asked.title.text);
      return gallery.confirmAnswer;
    },
    openUser: (id) => gallery.opened.push(id),
    openChannel: (id) => gallery.opened.push(id),
    file: (id) => `/file/${id}`,
  };
}

Object.assign(gallery, {
  clear() {
    Object.assign(gallery, { acts: [], drafts: {}, opened: [], asked: [], confirmAnswer: true, hold: null });
    stage.replaceChildren();
  },
  theme: (name) => (document.documentElement.dataset.theme = name),
  show(blocks, options) {
    stage.append(renderBlocks(blocks, context(options)));
  },
  titled(title, blocks, options) {
    const frame = h("section", { class: "frame", "aria-label": title }, h("h2", null, title), renderBlocks(blocks, context(options)));
    stage.append(frame);
  },
  mrkdwn(text, options) {
    const line = h("div", { class: "message-text" }, renderMrkdwn(text, context(options)));
    stage.replaceChildren(line);
    return shapeOf(line);
  },
  text(object, options) {
    const line = h("div", { class: "message-text" }, renderText(object, context(options)));
    stage.replaceChildren(line);
    return shapeOf(line);
  },
  plain: (text) => plainText(text, context()),
});

/** Nodes in short: `b[bold]`, so that a test can say what it expects in one line. */
function shapeOf(node) {
  return [...node.childNodes].map(oneShape).join("");
}

const SHORT = { STRONG: "b", EM: "i", S: "s", CODE: "code", BLOCKQUOTE: "quote", A: "a", TIME: "time" };

function oneShape(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent;
  if (node.tagName === "BR") return "\n";
  if (node.classList.contains("mention")) return `mention[${node.textContent}]`;
  if (node.classList.contains("code-block")) return `pre[${node.querySelector("code").textContent}]`;
  const name = SHORT[node.tagName];
  return name ? `${name}[${shapeOf(node)}]` : shapeOf(node);
}

window.gallery = gallery;
