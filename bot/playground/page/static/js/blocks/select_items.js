/* What a select offers, whatever its source: {key, given, label, about, group}. */

import { nameOf } from "../names.js";
import { unescape } from "../text/mrkdwn.js";
import { withEmoji } from "../text/emoji.js";

const KINDS = { public: "public_channel", private: "private_channel", im: "im", mpim: "mpim" };

/** static, external, users, conversations or channels. */
export function sourceOf(element) {
  return element.type.replace(/^multi_/, "").replace(/_select$/, "");
}

/** Everything a select offers before anything is typed; of an external one, what it starts with. */
export function offeredItems(element, ctx) {
  switch (sourceOf(element)) {
    case "static":
      return staticItems(element);
    case "users":
      return people(ctx);
    case "channels":
      return rooms(ctx).filter((item) => !item.kind || item.kind === "public_channel");
    case "conversations":
      return conversations(element, ctx);
    default:
      return [element.initial_option ?? element.initial_options ?? []]
        .flat()
        .map((one) => optionItem(one, { external: true }));
  }
}

/** An option as an item; one of an external select is given as a whole, because only the bot knows its text. */
export function optionItem(option, { external = false, group = null } = {}) {
  const about = option.description ? wordsOf(option.description) : "";
  return { key: option.value, given: external ? option : option.value, label: wordsOf(option.text), about, group };
}

/** The item for a value that was given before, even when it is not offered any more. */
export function itemOf(value, items, ctx) {
  if (value && typeof value === "object") return optionItem(value, { external: true });
  const known = items.find((item) => item.key === value);
  if (known) return known;
  const user = ctx.users?.[value];
  return { key: value, given: value, label: user ? nameOf(user, user.id) : String(value), about: "", group: null };
}

/** The value an element starts with: what single and multi selects of every source call it. */
export function initialValue(element) {
  const one = (value) => (sourceOf(element) === "static" ? value?.value : value) ?? null;
  const source = {
    static: "option",
    external: "option",
    users: "user",
    conversations: "conversation",
    channels: "channel",
  };
  const name = `initial_${source[sourceOf(element)]}`;
  if (element.type.startsWith("multi_")) return (element[`${name}s`] ?? []).map(one);
  return one(element[name]);
}

function wordsOf(text) {
  const words = unescape(String(text?.text ?? ""));
  return text?.emoji === false ? words : withEmoji(words);
}

function staticItems(element) {
  const groups = element.option_groups ?? [{ label: null, options: element.options ?? [] }];
  return groups.flatMap((group, index) => {
    const named = group.label ? { id: index, label: wordsOf(group.label) } : null;
    return group.options.map((option) => optionItem(option, { group: named }));
  });
}

function people(ctx) {
  return Object.values(ctx.users ?? {})
    .filter((user) => !user.deleted)
    .map((user) => {
      const about = user.real_name && user.real_name !== nameOf(user, user.id) ? user.real_name : "";
      return { key: user.id, given: user.id, label: nameOf(user, user.id), about, group: null };
    })
    .sort((one, two) => one.label.localeCompare(two.label));
}

function rooms(ctx) {
  return Object.entries(ctx.channels ?? {})
    .filter(([, channel]) => channel.name && !channel.is_archived)
    .map(([id, channel]) => ({
      key: id,
      given: id,
      label: `#${channel.name}`,
      about: "",
      group: null,
      kind: channel.kind,
    }))
    .sort((one, two) => one.label.localeCompare(two.label));
}

function conversations(element, ctx) {
  const wanted = element.filter?.include?.map((name) => KINDS[name]);
  const direct = Object.entries(ctx.channels ?? {})
    .filter(([, channel]) => channel.kind === "im" && channel.user)
    .map(([id, channel]) => ({
      ...itemOf(channel.user, [], ctx),
      key: id,
      given: id,
      kind: "im",
      user: ctx.users?.[channel.user],
    }))
    .filter((item) => !(element.filter?.exclude_bot_users && item.user?.is_bot));
  return [...rooms(ctx).filter((item) => item.kind !== "im"), ...direct].filter(
    (item) => !wanted || !item.kind || wanted.includes(item.kind),
  );
}
