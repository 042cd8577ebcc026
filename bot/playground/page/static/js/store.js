/* What the page knows of the workspace: one long poll for all panes, merged into whole screens. */

import { get } from "./api.js";

const RETRY_MS = 800;
const WAIT_SECONDS = 25;

const REFUSED = 400;

let followed = [];
let since = -1;
let aborter = null;
let running = false;
let skew = 0;
const screens = new Map();
const listeners = new Set();

/** The one store of the page; see docs/playground.md for the shapes. */
export const store = {
  /** The last answer without its screens; null before the first. */
  world: null,
  /** Whether the playground answered last time. */
  online: true,
  /** Whether it knows none of that name among those who are followed. */
  stranger: false,
  screen,
  follow,
  subscribe,
  now,
  userNamed,
};

/** The whole screen of a followed person, or null. */
function screen(person) {
  return screens.get(person) ?? null;
}

/** Watch these people from now on, and forget what others saw: it would be old when they come back. */
function follow(people) {
  const wanted = [...new Set(people)];
  if (wanted.join() === followed.join() && running) return;
  followed = wanted;
  for (const person of screens.keys()) if (!wanted.includes(person)) screens.delete(person);
  since = -1;
  if (running) aborter?.abort();
  else run();
}

/** Be told after every change; the answer stops it. */
function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The time of day in the playground. */
function now() {
  return new Date(Date.now() + skew);
}

/** A user by the handle people type. */
function userNamed(name) {
  return Object.values(store.world?.users ?? {}).find((user) => user.name === name) ?? null;
}

async function run() {
  running = true;
  for (;;) {
    aborter = new AbortController();
    const asked = followed;
    const params = { as: asked, since, wait: since < 0 ? 0 : WAIT_SECONDS };
    const answer = await get("watch", params, { signal: aborter.signal }).catch((problem) => ({ problem }));
    if (!answer.problem) take(answer, asked);
    else if (answer.problem.name !== "AbortError") await lost(answer.problem);
  }
}

async function lost({ status }) {
  store.stranger = status === REFUSED;
  store.online = store.stranger;
  since = -1;
  tell();
  await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
}

function take(answer, asked) {
  if (asked !== followed) return;
  store.online = true;
  store.stranger = false;
  skew = new Date(answer.clock.now).getTime() - Date.now();
  if (answer.unchanged) {
    store.world = { ...store.world, clock: answer.clock };
    return tell();
  }
  const whole = since < 0;
  const { screens: shown, ...world } = answer;
  for (const [person, fresh] of Object.entries(shown)) {
    screens.set(person, merged(whole ? null : screens.get(person), fresh));
  }
  store.world = world;
  since = answer.seq;
  tell();
}

/** One part of the page that fails must not stop the others, nor the watching. */
function tell() {
  for (const listener of [...listeners]) {
    try {
      listener();
    } catch (error) {
      reportError(error);
    }
  }
}

function merged(old, fresh) {
  const before = new Map((old?.channels ?? []).map((channel) => [channel.id, channel.messages]));
  const channels = fresh.channels.map((channel) => {
    const messages = inOrder(before.get(channel.id), channel.messages, channel.order);
    return { ...channel, messages };
  });
  const ephemerals = inOrder(old?.ephemerals, fresh.ephemerals.messages, fresh.ephemerals.order);
  return { ...fresh, channels, ephemerals };
}

function inOrder(old, changed, order) {
  const known = new Map((old ?? []).map((message) => [message.ts, message]));
  for (const message of changed) known.set(message.ts, message);
  return order.map((ts) => known.get(ts)).filter(Boolean);
}
