/* How a person looks in a workspace: initials, role. */

import { h } from "../dom.js";
import { nameOf } from "../names.js";
import { store } from "../store.js";

const COLOURS = 8;

/** A person's initials on their colour; the bot has its own picture. */
export function avatar(user, size = "") {
  if (user?.is_bot) return h("img", { class: ["avatar", size], src: "/static/img/purser.svg", alt: "" });
  const letters = [...nameOf(user)].slice(0, 2).join("");
  return h("span", { class: ["avatar", `avatar-${colourOf(user?.id)}`, size], "aria-hidden": "true" }, letters);
}

/** Neighbours in the list of people differ. */
function colourOf(id) {
  return (Math.max(0, Object.keys(store.world.users).indexOf(id)) % COLOURS) + 1;
}

/** What somebody is here, in a word or two. */
export function roleOf(user, homeTeam) {
  if (user.deleted) return "deactivated";
  if (user.is_bot) return "app";
  if (homeTeam && user.team_id !== homeTeam) return "from another workspace";
  if (user.is_restricted) return "guest";
  if (/finance/i.test(user.title)) return "finance";
  if (/contractor/i.test(user.title)) return "member, contractor";
  return user.is_admin ? "owner" : "member";
}
