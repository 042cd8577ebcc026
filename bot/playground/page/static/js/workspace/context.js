/* What the Block Kit renderer needs to know of whoever looks, and what happens when they press something. */

import { get, post } from "../api.js";
import { app } from "../app.js";
import { store } from "../store.js";

/** The context of one message or view of a pane; `where` names it to the playground (`{channel, ts}` or `{view_id}`). */
export function contextOf(pane, surface, where, more = {}) {
  const { person } = pane;
  const screen = store.screen(person);
  return {
    users: store.world.users,
    channels: Object.fromEntries(screen.channels.map((channel) => [channel.id, channel])),
    timeZone: screen.me.tz || "UTC",
    me: screen.me.id,
    now: store.now,
    surface,
    draft: { get: () => undefined, set: () => {} },
    errors: {},
    act: (block, element, value) => press(person, where, block, element, value),
    options: (block, element, typed) => offered(person, where, block, element, typed),
    confirm: (asked) => confirmed(asked),
    openUser: (id) => pane.showPerson(id),
    openChannel: (id) => pane.openChannel(id),
    file: (id) => `/_play/file/${encodeURIComponent(id)}`,
    ...more,
  };
}

/** Differs when people have come, left or been renamed: what this context renders may name them. */
export function contextVersion() {
  return Object.values(store.world.users).reduce((sum, user) => sum + user.name.length + (user.deleted ? 7 : 0), 0);
}

async function press(person, where, block, element, value) {
  const body = { ...where, block_id: block.block_id, action_id: element.action_id };
  if (value !== undefined) body.value = value;
  const reply = await app.act(person, "action", body).catch(() => null);
  if (reply?.error) app.toast("Purser did not answer in time. Slack would show a warning sign here; try again.", { kind: "error" });
  return reply;
}

async function offered(person, where, block, element, typed) {
  const body = { as: person, ...where, block_id: block.block_id, action_id: element.action_id, value: typed };
  return (await post("options", body)).options;
}

function confirmed(asked) {
  return app.confirm({
    title: asked.title?.text ?? "Are you sure?",
    text: asked.text?.text ?? "",
    confirm: asked.confirm?.text ?? "Yes",
    deny: asked.deny?.text ?? "Cancel",
    danger: asked.style === "danger",
  });
}

/** What can be typed and who is there; asked once. */
export async function learnTheWorkspace() {
  const [vocabulary, about] = await Promise.all([get("vocabulary"), get("about")]);
  app.vocabulary = { ...app.vocabulary, ...vocabulary };
  app.about = about;
}
