/* One message: who, when, what, its files, its thread, and what can be done with it. */

import { app } from "../app.js";
import { renderBlocks } from "../blocks/index.js";
import { h, icon } from "../dom.js";
import { clockTime, fullMoment, momentOf, shortDay } from "../moments.js";
import { nameOf } from "../names.js";
import { store } from "../store.js";
import { renderMrkdwn } from "../text/index.js";
import { copy } from "../ui/clipboard.js";
import { openMenu } from "../ui/popover.js";
import { contextOf } from "./context.js";
import { editBox, startEditing, typedText } from "./edit.js";
import { avatar } from "./people.js";

const KIB = 1024;

/** An article; `entry` is {message, compact, replies, inThread}. */
export function renderMessage(pane, entry) {
  const { message, compact } = entry;
  const user = store.world.users[message.user];
  const zone = pane.zone();
  const moment = momentOf(message.ts);
  const time = h("time", { datetime: moment.toISOString(), title: fullMoment(moment, zone) }, clockTime(moment, zone));
  const words = [!compact && heading(pane, user, time), content(pane, message), threadLine(pane, entry)];
  const body = h("div", { class: "message-body" }, pane.editing?.ts === message.ts ? editBox(pane, message) : words);
  return h(
    "article",
    {
      class: ["message", compact && "message-compact", message.is_ephemeral && "message-private"],
      "aria-label": `${nameOf(user)}, ${clockTime(moment, zone)}`,
      dataset: { ts: message.ts },
    },
    h("div", { class: "message-side" }, compact ? time : avatar(user)),
    body,
    toolbar(pane, entry),
  );
}

function heading(pane, user, time) {
  const name = h("button", { type: "button", class: "message-author", onclick: () => pane.showPerson(user?.id) }, nameOf(user));
  return h("div", { class: "message-head" }, name, user?.is_bot && h("span", { class: "app-badge" }, "App"), time);
}

function content(pane, message) {
  const context = contextOf(pane, "message", { channel: message.channel, ts: message.ts });
  const blocks = message.blocks?.length ? renderBlocks(message.blocks, context) : null;
  const text = blocks ?? h("div", { class: "message-text" }, renderMrkdwn(message.text ?? "", context));
  return [
    message.is_ephemeral && h("p", { class: "only-you" }, icon("eye"), "Only visible to you"),
    (message.text || blocks) && text,
    message.edited && !message.bot_id && h("span", { class: "edited" }, "(edited)"),
    (message.files ?? []).map(fileCard),
    (message.reactions ?? []).map((one) => h("span", { class: "reaction" }, `:${one.name}: ${one.count}`)),
  ];
}

function fileCard(file) {
  const url = `/_play/file/${encodeURIComponent(file.id)}`;
  const size = file.size < KIB ? `${file.size} bytes` : `${Math.ceil(file.size / KIB)} KB`;
  const picture = file.mimetype?.startsWith("image/") && h("img", { class: "file-picture", src: url, alt: file.title || file.name });
  const link = h(
    "a",
    { class: "file", href: url, download: file.name, "aria-label": `Download ${file.name}` },
    icon("file"),
    h("span", { class: "file-name" }, file.title || file.name, h("small", null, size)),
    icon("download"),
  );
  return h("div", { class: "files" }, picture, link);
}

function threadLine(pane, { message, replies, inThread }) {
  if (inThread || !replies.length) return null;
  const people = [...new Set(replies.map((reply) => reply.user))].slice(0, 4).map((id) => store.world.users[id]);
  const last = momentOf(replies.at(-1).ts);
  const when = `${shortDay(last, store.now(), pane.zone())} at ${clockTime(last, pane.zone())}`;
  const count = replies.length === 1 ? "1 reply" : `${replies.length} replies`;
  return h(
    "button",
    { type: "button", class: "thread-line", onclick: () => pane.openThread(message.channel, message.ts) },
    h("span", { class: "faces" }, people.map((user) => avatar(user, "avatar-xs"))),
    h("span", { class: "thread-count" }, count),
    h("span", { class: "soft" }, `Last reply ${when}`),
  );
}

function toolbar(pane, entry) {
  const { message, inThread } = entry;
  const reply = () => pane.openThread(message.channel, message.thread_ts ?? message.ts, { focus: true });
  const canReply = !inThread && !message.is_ephemeral;
  const replyButton = canReply && h("button", { type: "button", class: "tool", "aria-label": "Reply in thread", title: "Reply in thread", onclick: reply }, icon("thread"));
  const more = h("button", { type: "button", class: "tool", "aria-label": "More actions", title: "More actions", "aria-haspopup": "menu" }, icon("more"));
  more.addEventListener("click", () => openMenu(more, actionsOn(pane, message, canReply && reply), { label: "Actions on this message", align: "end" }));
  return h("div", { class: "message-tools", role: "group", "aria-label": "Message actions" }, replyButton, more);
}

function actionsOn(pane, message, reply) {
  const { person } = pane;
  const where = { channel: message.channel, ts: message.ts };
  const mine = message.user === store.screen(person).me.id;
  const shortcuts = app.vocabulary.shortcuts.filter((shortcut) => shortcut.type === "message");
  const act = (deed, body) => app.act(person, deed, { ...where, ...body }).catch(() => {});
  const items = [
    reply && { label: "Reply in thread", run: reply },
    { label: "Copy text", run: () => copyText(pane, message) },
    ...shortcuts.map((shortcut) => ({ label: shortcut.name, hint: "Purser", run: () => act("shortcut", { callback_id: shortcut.callback_id }) })),
    mine && !message.is_ephemeral && { label: "Edit message", run: () => startEditing(pane, message) },
    mine && !message.is_ephemeral && { label: "Delete message", danger: true, run: () => removeMessage(act) },
  ];
  return items.filter(Boolean);
}

async function removeMessage(act) {
  const sure = await app.confirm({ title: "Delete this message?", text: "Nobody will see it any more.", confirm: "Delete", danger: true });
  if (sure) act("delete", {});
}

function copyText(pane, message) {
  const shown = pane.root.querySelector(`article[data-ts="${CSS.escape(message.ts)}"] .blocks`);
  return copy(shown?.innerText ?? typedText(message.text), "Text");
}
