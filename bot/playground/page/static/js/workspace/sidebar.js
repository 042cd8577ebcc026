/* The left side of a pane: channels, direct messages with Purser, its Home tab; and who the pane is. */

import { app } from "../app.js";
import { h, icon, keyed } from "../dom.js";
import { castOf, nameOf } from "../names.js";
import { store } from "../store.js";
import { keepFocus } from "../ui/focus.js";
import { openMenu } from "../ui/popover.js";
import { avatar, roleOf } from "./people.js";

const SHOWN_AT_ONCE = 7;

/** The rooms a person finds, as buttons. */
export class Sidebar {
  constructor(pane) {
    this.pane = pane;
    this.title = h("h2", { class: "sidebar-title" }, "Playground");
    this.rooms = h("div", { class: "rooms" });
    this.apps = h("div", { class: "rooms" });
    this.element = h(
      "nav",
      { class: "sidebar" },
      this.title,
      h("h3", { class: "sidebar-head" }, "Channels"),
      this.rooms,
      h("h3", { class: "sidebar-head" }, "Apps"),
      this.apps,
    );
  }

  /** Draw what the pane's person sees. */
  show(screen, at) {
    this.element.setAttribute("aria-label", `Channels of ${nameOf(screen.me)}`);
    const rooms = screen.channels.filter((channel) => channel.kind !== "im" && !channel.is_archived);
    rooms.sort((a, b) => b.is_member - a.is_member || a.name.localeCompare(b.name));
    const direct = screen.channels.find((channel) => channel.kind === "im" && channel.user === screen.bot);
    const items = rooms.map((channel) => ({
      id: channel.id,
      open: `#${channel.name}`,
      name: channel.name,
      icon: channel.kind === "private_channel" ? "lock" : "hash",
      unread: channel.unread,
      count: channel.mentions,
      active: at.place === "channel" && at.channel === channel.id,
      faint: !channel.is_member,
    }));
    this.fill(this.rooms, items);
    const dm = { id: "dm", open: "dm", name: "Purser", bot: true, unread: direct?.unread ?? 0, count: direct?.unread ?? 0, active: at.place === "dm" };
    const home = { id: "home", open: "home", name: "Home", icon: "home", unread: 0, count: 0, active: at.place === "home" };
    this.fill(this.apps, app.vocabulary.home_tab ? [dm, home] : [dm]);
  }

  fill(list, items) {
    keepFocus(list, () => keyed(list, items, { key: (item) => item.id, version: (item) => JSON.stringify(item), render: (item) => this.room(item) }));
  }

  room(item) {
    const name = item.unread ? `${item.name}, ${item.unread} unread` : item.name;
    return h(
      "button",
      {
        type: "button",
        class: ["room", item.unread && "room-unread", item.faint && "room-faint"],
        "aria-current": item.active ? "page" : null,
        "aria-label": name,
        onclick: () => this.pane.open(item.open, { focus: true }),
      },
      item.bot ? avatar({ is_bot: true }, "avatar-xs") : icon(item.icon),
      h("span", { class: "room-name" }, item.name),
      item.count > 0 && h("span", { class: "badge" }, item.count),
    );
  }
}

/** The row of faces on top of a pane: one click and the visitor is somebody else. */
export class WhoYouAre {
  constructor(pane) {
    this.pane = pane;
    this.element = h("div", { class: "who", role: "group", "aria-label": "Who you are" });
  }

  show() {
    const users = castOf(app);
    const first = users.slice(0, SHOWN_AT_ONCE);
    const me = users.find((user) => user.name === this.pane.person);
    if (me && !first.includes(me)) first.push(me);
    const faces = first.map((user) => this.face(user));
    if (users.length > first.length) faces.push({ id: "more", users });
    const render = (face) => (face.users ? this.more(face.users) : this.button(face));
    keepFocus(this.element, () => keyed(this.element, faces, { key: (face) => face.id, version: (face) => JSON.stringify(face), render }));
  }

  face(user) {
    const badge = store.world.badges[user.name] ?? { unread: 0, mentions: 0 };
    const role = roleOf(user, homeTeam());
    return { id: user.id, user, role, count: badge.mentions, dot: badge.unread > 0, active: user.name === this.pane.person };
  }

  button(face) {
    const unread = face.count ? `, ${face.count} unread` : "";
    return h(
      "button",
      {
        type: "button",
        class: ["face", face.user.deleted && "face-gone"],
        "aria-label": `Be ${nameOf(face.user)}, ${face.role}${unread}`,
        "aria-pressed": String(face.active),
        title: `${face.user.real_name}: ${face.role}`,
        disabled: face.user.deleted,
        onclick: () => this.pane.be(face.user.name),
      },
      avatar(face.user, "avatar-s"),
      h("span", { class: "face-text" }, h("strong", null, nameOf(face.user)), h("span", { class: "face-role" }, face.role)),
      face.count > 0 ? h("span", { class: "badge" }, face.count) : face.dot && h("span", { class: "dot" }),
    );
  }

  more(users) {
    const button = h("button", { type: "button", class: "face face-more", "aria-haspopup": "menu" }, `${users.length} people`);
    const items = users.filter((user) => !user.deleted).map((user) => ({ label: user.real_name, hint: user.title, run: () => this.pane.be(user.name) }));
    button.addEventListener("click", () => openMenu(button, items, { label: "Everybody" }));
    return h("div", { class: "face-box" }, button);
  }
}

function homeTeam() {
  return Object.values(store.world.users).find((user) => user.is_bot)?.team_id;
}
