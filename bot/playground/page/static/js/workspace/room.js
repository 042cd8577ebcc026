/* A channel, or the direct messages with Purser: its head, its messages, its composer. */

import { app } from "../app.js";
import { fill, h, icon } from "../dom.js";
import { nameOf } from "../names.js";
import { store } from "../store.js";
import { keepFocus } from "../ui/focus.js";
import { Composer, sendFile } from "./composer.js";
import { appTabs } from "./home.js";
import { avatar } from "./people.js";
import { Timeline } from "./timeline.js";

const READ_ONLY = "Purser writes to you here. To ask for something, type a command in a channel.";

/** One room of a pane; `channel` is an id, or "dm". */
export class Room {
  constructor(pane, channel) {
    this.pane = pane;
    this.person = pane.person;
    this.channel = channel;
    this.head = h("header", { class: "room-head" });
    this.element = h("div", { class: "room" });
    this.newAfter = null;
    this.canWrite = null;
    this.joining = false;
    this.headVersion = "";
    this.acceptDrops();
  }

  show(screen) {
    const room = this.find(screen);
    const name = this.channel === "dm" ? "Purser" : `#${room?.name ?? ""}`;
    if (this.canWrite !== this.mayWrite(room)) this.build(room, name);
    this.showHead(screen, room);
    const mine = screen.ephemerals.filter((message) => this.isHere(message, room) && !inThread(message));
    const messages = [...(room?.messages ?? []).filter((message) => !inThread(message)), ...mine];
    messages.sort((a, b) => Number(a.ts) - Number(b.ts));
    const replies = groupReplies(room?.messages ?? []);
    this.timeline.show(messages, { repliesOf: (ts) => replies.get(ts) ?? [], newAfter: this.newAfter });
    this.empty.hidden = messages.length > 0;
    this.markRead(room);
  }

  find(screen) {
    if (this.channel === "dm") return screen.channels.find((one) => one.kind === "im" && one.user === screen.bot);
    return screen.channels.find((one) => one.id === this.channel);
  }

  isHere(message, room) {
    return message.channel === room?.id;
  }

  mayWrite(room) {
    return this.channel === "dm" ? !app.vocabulary.messages_tab_read_only : Boolean(room?.is_member);
  }

  /** At first, and when somebody joins the channel they are looking at. */
  build(room, name) {
    this.canWrite = this.mayWrite(room);
    this.newAfter = room?.unread ? room.last_read : null;
    this.timeline = new Timeline(this.pane, this.channel === "dm" ? "Messages with Purser" : `Messages in ${name}`);
    this.empty = h("div", { class: "empty" }, emptyText(this.channel === "dm", name));
    this.composer = this.canWrite ? new Composer(this.pane, () => ({ channel: this.channel }), { placeholder: `Message ${name}` }) : null;
    const foot = this.composer?.element ?? h("div", { class: "no-composer" }, this.channel === "dm" ? READ_ONLY : this.invitation(name));
    fill(this.element, this.head, this.empty, this.timeline.element, foot);
    this.composer?.restore();
    if (this.joining) this.composer?.box.focus();
    this.joining = false;
  }

  invitation(name) {
    const join = () => {
      this.joining = true;
      app.act(this.person, "join", { channel: this.channel }).catch(() => (this.joining = false));
    };
    return [
      h("span", null, `${nameOf(store.userNamed(this.person))} has not joined ${name}.`),
      h("button", { type: "button", class: "button", onclick: join }, `Join ${name}`),
    ];
  }

  showHead(screen, room) {
    const direct = this.channel === "dm";
    const version = JSON.stringify([room?.name, room?.purpose, room?.members?.length, room?.is_archived]);
    if (version === this.headVersion) return;
    this.headVersion = version;
    const title = direct ? [avatar({ is_bot: true }, "avatar-s"), "Purser"] : [icon(room?.kind === "private_channel" ? "lock" : "hash"), room?.name];
    const people = !direct && h("span", { class: "head-people", title: "Members of this channel" }, icon("people"), room?.members?.length ?? 0);
    const purpose = direct ? null : h("span", { class: "head-purpose" }, purposeOf(room));
    const tabs = direct ? appTabs(this.pane, "messages") : purpose;
    keepFocus(this.head, () => fill(this.head, this.pane.drawerButton(), h("h2", null, title), tabs, people));
  }

  markRead(room) {
    if (!room?.unread || document.visibilityState === "hidden") return;
    const last = room.messages.at(-1);
    if (!last || last.ts <= room.last_read || this.reading) return;
    this.reading = true;
    this.pane.read(room.id, last.ts).finally(() => (this.reading = false));
  }

  acceptDrops() {
    const over = (event) => {
      if (![...(event.dataTransfer?.types ?? [])].includes("Files") || !this.composer) return;
      event.preventDefault();
      this.element.classList.toggle("dropping", event.type === "dragover");
    };
    for (const type of ["dragover", "dragleave"]) this.element.addEventListener(type, over);
    this.element.addEventListener("drop", (event) => {
      over(event);
      for (const file of this.composer ? event.dataTransfer.files : []) sendFile(this.person, this.channel, file);
    });
  }
}

/** Replies by the ts of their parent, oldest first. */
function groupReplies(messages) {
  const groups = new Map();
  for (const message of messages) {
    if (!inThread(message)) continue;
    if (!groups.has(message.thread_ts)) groups.set(message.thread_ts, []);
    groups.get(message.thread_ts).push(message);
  }
  return groups;
}

function inThread(message) {
  return Boolean(message.thread_ts) && message.thread_ts !== message.ts;
}

function purposeOf(room) {
  return room?.purpose?.value ?? room?.purpose ?? "";
}

function emptyText(direct, name) {
  if (direct) return [h("strong", null, "Purser"), h("p", null, "What concerns you alone arrives here: answers to your requests, your keys, warnings before they end.")];
  return [h("strong", null, name), h("p", null, "Nothing has been said here yet. Type / to see what Purser can do.")];
}
