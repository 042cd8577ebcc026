/* One person's whole screen: who they are, their rooms, what is open in the middle, a thread, a modal. */

import { post } from "../api.js";
import { app } from "../app.js";
import { fill, h, icon } from "../dom.js";
import { nameOf } from "../names.js";
import { store } from "../store.js";
import { openPopover } from "../ui/popover.js";
import { HomeView } from "./home.js";
import { Modal } from "./modal.js";
import { avatar, roleOf } from "./people.js";
import { Room } from "./room.js";
import { Sidebar, WhoYouAre } from "./sidebar.js";
import { Thread } from "./thread.js";

/** `be` a person, `open` a room; draws itself when the store changes. */
export class Pane {
  constructor(person, where = "#search") {
    this.person = person;
    this.wanted = where;
    this.at = { place: "none", channel: null };
    this.who = new WhoYouAre(this);
    this.sidebar = new Sidebar(this);
    this.main = h("div", { class: "main" });
    this.thread = new Thread(this);
    this.modal = new Modal(this);
    this.body = h("div", { class: "pane-body" }, this.sidebar.element, this.main, this.thread.element);
    this.root = h("section", { class: "pane", tabindex: "-1" }, this.who.element, h("div", { class: "pane-room" }, this.body, this.modal.element));
    this.main.addEventListener("pointerdown", (event) => event.target.closest(".drawer-button") || this.closeDrawer());
    this.body.addEventListener("keydown", (event) => event.key === "Escape" && this.closeDrawer());
    this.root.addEventListener("pointerdown", () => (app.active = this));
    this.root.addEventListener("focusin", () => (app.active = this));
    this.middle = null;
    this.toCompose = null;
    this.editing = null;
  }

  /** Show somebody else. Nothing to type or press of whoever was here stays while their screen is on its way. */
  be(person) {
    if (person === this.person) return;
    this.leave();
    this.person = person;
    this.middle = null;
    this.toCompose = null;
    this.modal.hide();
    this.main.replaceChildren();
    app.active = this;
    app.emit("panes");
    if (document.activeElement === document.body) this.root.focus();
  }

  leave() {
    this.at = { place: "none", channel: null };
    this.editing = null;
    this.thread.close();
  }

  /** Open "#name", "dm" or "home". */
  open(where, { focus = false } = {}) {
    this.wanted = where;
    this.leave();
    this.closeDrawer();
    this.draw();
    if (focus) this.focus();
    app.emit("panes");
  }

  /** Open a channel by its id. */
  openChannel(id) {
    const channel = store.screen(this.person)?.channels.find((one) => one.id === id);
    if (channel) this.open(`#${channel.name}`);
  }

  /** Open a thread beside the room. */
  openThread(channel, ts, options = {}) {
    this.thread.open(channel, ts, options);
  }

  /** Put text into the composer of what is open, or will be once this person's screen is here. */
  compose(text) {
    this.toCompose = text;
    this.draw();
  }

  /** Draw everything that changed. */
  draw() {
    const screen = store.screen(this.person);
    if (!screen || !store.world) return;
    this.root.setAttribute("aria-label", `Workspace of ${nameOf(screen.me)}`);
    this.root.dataset.person = this.person;
    if (this.at.place === "none") this.settle(screen);
    this.who.show();
    this.sidebar.show(screen, this.at);
    this.middle.show(screen);
    this.thread.show(screen);
    this.modal.show(screen.modals);
    if (this.toCompose !== null) this.middle.composer?.set(this.toCompose);
    this.toCompose = null;
  }

  settle(screen) {
    const rooms = screen.channels.filter((channel) => channel.kind !== "im");
    const named = rooms.find((channel) => `#${channel.name}` === this.wanted);
    const room = named ?? rooms.find((channel) => channel.is_member) ?? rooms[0];
    if (this.wanted === "home") this.at = { place: "home", channel: null };
    else if (this.wanted === "dm" || !room) this.at = { place: "dm", channel: "dm" };
    else this.at = { place: "channel", channel: room.id };
    this.middle = this.at.place === "home" ? new HomeView(this) : new Room(this, this.at.channel);
    fill(this.main, this.middle.element);
  }

  /** The focus goes to where one types. */
  focus() {
    (this.middle?.composer?.box ?? this.root).focus();
  }

  isActive() {
    return (app.active ?? app.panes[0]) === this;
  }

  modalsOpen() {
    return store.screen(this.person)?.modals.length ?? 0;
  }

  setInert(inert) {
    this.body.inert = inert;
  }

  zone() {
    return store.screen(this.person)?.me.tz || "UTC";
  }

  timelines() {
    return [this.middle?.timeline, this.thread.timeline].filter(Boolean);
  }

  /** Who somebody is, in a small card. */
  showPerson(id) {
    const user = store.world.users[id];
    const anchor = document.activeElement;
    if (!user || !this.root.contains(anchor)) return;
    const team = store.world.users[store.screen(this.person).bot]?.team_id;
    const card = h(
      "div",
      { class: "person-card" },
      avatar(user, "avatar-l"),
      h("h3", null, user.real_name),
      h("p", { class: "soft" }, [user.title, `@${user.name}`, roleOf(user, team)].filter(Boolean).join(" · ")),
    );
    const close = openPopover(anchor, card, { label: user.real_name });
    const be = !user.is_bot && !user.deleted && user.name !== this.person;
    if (be) card.append(h("button", { type: "button", class: "button", onclick: () => { close(); this.be(user.name); } }, `Be ${nameOf(user)}`));
  }

  /** Tell Slack what has been read. */
  read(channel, ts) {
    return post("read", { as: this.person, channel, ts }).catch(() => {});
  }

  closeDrawer() {
    this.body.classList.remove("drawer-open");
  }

  drawerButton() {
    const toggle = () => this.body.classList.toggle("drawer-open");
    return h("button", { type: "button", class: "tool drawer-button", "aria-label": "Channels", title: "Channels", onclick: toggle }, icon("menu"));
  }
}
