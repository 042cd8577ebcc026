/* How a person looks anywhere on the page: initials, name, role. */

import { h } from "../dom.js";

const COLOURS = 8;

/** A person's initials on their colour; the bot has its own picture. */
export function avatar(user, size = "") {
  if (user?.is_bot) return h("img", { class: ["avatar", size], src: "/static/img/purser.svg", alt: "" });
  const name = user?.real_name || user?.name || "?";
  const letters = name.split(/\s+/).map((word) => [...word][0]).slice(0, 2).join("");
  return h("span", { class: ["avatar", `avatar-${colourOf(user?.id ?? "")}`, size], "aria-hidden": "true" }, letters);
}

function colourOf(id) {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  return (sum % COLOURS) + 1;
}

/** The name that others read. */
export function nameOf(user) {
  return user?.display_name || user?.real_name || user?.name || "Somebody";
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
