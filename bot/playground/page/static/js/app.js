/* The page's hub: which panes there are and who is in them, and what the parts tell each other. */

import { post } from "./api.js";
import { store } from "./store.js";
import { ask, toast } from "./ui/dialogs.js";

const SECRET = /\bsk-[\w-]{8,}/;
const ADDRESS = /\bhttps?:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):\d+[^\s<>|"'`)]*/;
const listeners = new Map();

/** Handed to every part of the page. */
export const app = {
  store,
  toast,
  confirm: ask,
  panes: [],
  keys: [],
  vocabulary: { commands: [], shortcuts: [], home_tab: true, messages_tab_read_only: true },
  about: { cast: [], models: [] },
  on,
  emit,
  act,
  be,
  go,
  compose,
  paneOf,
  focusPane: (index) => app.panes[index]?.focus(),
};

/** Be told of "watch", "acted", "revealed" or "panes". */
function on(event, listener) {
  if (!listeners.has(event)) listeners.set(event, new Set());
  listeners.get(event).add(listener);
  return () => listeners.get(event).delete(listener);
}

function emit(event, detail) {
  for (const listener of [...(listeners.get(event) ?? [])]) listener(detail);
}

/** Do something as a person; a refusal is shown, and thrown for who needs to know. */
async function act(person, deed, body) {
  try {
    const reply = await post(deed, { as: person, ...body });
    emit("acted", { person, deed, body, reply });
    return reply;
  } catch (error) {
    toast(error.message, { kind: "error" });
    throw error;
  }
}

/** The pane that shows this person; the first is switched when none does. */
function paneOf(person) {
  const shown = app.panes.find((pane) => pane.person === person);
  if (shown) return shown;
  be(person);
  return app.panes[0];
}

/** Show this person in that pane. */
function be(person, index = 0) {
  app.panes[index]?.be(person);
}

/** Open a channel ("#search"), "dm" or "home" for a person. */
function go(person, where) {
  const pane = paneOf(person);
  pane.open(where);
  return pane;
}

/** Go there and leave this text in the composer, ready to send. */
function compose(person, where, text) {
  go(person, where).compose(text);
}

store.subscribe(() => {
  for (const pane of app.panes) noticeKeys(pane.person);
});
store.subscribe(() => emit("watch"));

/** A key shown in a modal on this page is remembered in memory, for the terminal. */
function noticeKeys(person) {
  for (const view of store.screen(person)?.modals ?? []) {
    if (hasInput(view)) continue;
    const text = JSON.stringify(view.blocks);
    const secret = text.match(SECRET)?.[0];
    if (!secret || app.keys.some((key) => key.secret === secret)) continue;
    const key = { secret, baseUrl: text.match(ADDRESS)?.[0] ?? app.about.gateway, person, seenAt: store.now() };
    app.keys.push(key);
    emit("revealed", key);
  }
}

function hasInput(view) {
  return view.blocks.some((block) => block.type === "input");
}
