/* What the page knows of the workspace: one long poll for all panes, merged into whole screens. */

import { get } from "./api.js";

const RETRY_MS = 800;
const WAIT_SECONDS = 25;

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

/** Watch these people from now on. */
function follow(people) {
  const wanted = [...new Set(people)];
  if (wanted.join() === followed.join() && running) return;
  followed = wanted;
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
    try {
      const params = { as: asked, since, wait: since < 0 ? 0 : WAIT_SECONDS };
      take(await get("watch", params, { signal: aborter.signal }), asked);
    } catch (error) {
      if (error.name !== "AbortError") await lost();
    }
  }
}

async function lost() {
  store.online = false;
  since = -1;
  tell();
  await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
}

function take(answer, asked) {
  if (asked !== followed) return;
  store.online = true;
  const moment = answer.clock?.now ?? answer.now;
  if (moment) skew = new Date(moment).getTime() - Date.now();
  if (answer.unchanged) {
    if (answer.seq < since) since = -1;
    store.world = { ...store.world, clock: answer.clock ?? store.world.clock };
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

function tell() {
  for (const listener of [...listeners]) listener();
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
