/* Changing a message of one's own in its place. What is typed outlives whatever else changes the message meanwhile. */

import { app } from "../app.js";
import { h } from "../dom.js";
import { store } from "../store.js";
import { unescape } from "../text/mrkdwn.js";

/** Turn the message into a box with what its author typed. */
export function startEditing(pane, message) {
  pane.editing = { ts: message.ts, text: typedText(message.text), isSent: false };
  pane.draw();
  pane.root.querySelector(`article[data-ts="${CSS.escape(message.ts)}"] .edit-box`)?.focus();
}

/** The box, in the place of the message's words. */
export function editBox(pane, message) {
  const { editing } = pane;
  const box = h("textarea", { class: "edit-box", "aria-label": "Edit message", rows: "2", value: editing.text });
  const stop = () => finish(pane, editing);
  const save = () => saveEdit(pane, message, editing);
  box.addEventListener("input", () => (editing.text = box.value));
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") stop();
    else if (event.key === "Enter" && !event.shiftKey) save();
    else return;
    event.preventDefault();
  });
  const cancel = h("button", { type: "button", class: "button", onclick: stop }, "Cancel");
  const keep = h("button", { type: "button", class: "button primary", onclick: save }, "Save");
  return [box, h("div", { class: "row-end" }, cancel, keep)];
}

function finish(pane, editing) {
  if (pane.editing !== editing) return;
  pane.editing = null;
  pane.draw();
  pane.focus();
}

/** What is refused stays in the box. */
async function saveEdit(pane, { channel, ts }, editing) {
  if (editing.isSent || !editing.text.trim()) return;
  editing.isSent = true;
  const sent = await app.act(pane.person, "edit", { channel, ts, text: editing.text }).catch(() => null);
  editing.isSent = false;
  if (sent) finish(pane, editing);
}

/** A message's text as it was typed: handles for ids, addresses bare. */
export function typedText(text) {
  const named = text
    .replace(/<@(\w+)(?:\|[^>]*)?>/g, (_, id) => `@${store.world.users[id]?.name ?? id}`)
    .replace(/<#\w+\|([^>]*)>/g, "#$1")
    .replace(/<!(\w+)>/g, "@$1");
  return unescape(named.replace(/<(?:mailto:)?([^|>]+)(?:\|[^>]+)?>/g, "$1"));
}
