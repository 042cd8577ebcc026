/* The thread beside a room: the message it hangs on, the replies, a composer. */

import { fill, h, icon } from "../dom.js";
import { Composer } from "./composer.js";
import { Timeline } from "./timeline.js";

/** One thread at a time per pane. */
export class Thread {
  constructor(pane) {
    this.pane = pane;
    this.element = h("aside", { class: "thread", "aria-label": "Thread", hidden: true });
    this.element.addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && this.close());
    this.at = null;
    this.timeline = null;
    this.back = null;
  }

  open(channel, ts, { focus = false } = {}) {
    this.back = document.activeElement;
    this.at = { channel, ts };
    this.timeline = new Timeline(this.pane, "Replies");
    this.composer = new Composer(this.pane, () => ({ channel, thread_ts: ts }), { placeholder: "Reply in thread", inThread: true });
    this.name = h("span", { class: "head-purpose" });
    const close = h("button", { type: "button", class: "tool", "aria-label": "Close thread", title: "Close (Esc)", onclick: () => this.close() }, icon("close"));
    fill(this.element, h("header", { class: "room-head" }, h("h2", null, "Thread"), this.name, close), this.timeline.element, this.composer.element);
    this.element.hidden = false;
    this.composer.restore();
    this.pane.draw();
    if (!this.at) return;
    if (focus) this.composer.box.focus();
    else close.focus();
  }

  close() {
    if (!this.at) return;
    const inside = this.element.contains(document.activeElement);
    const { ts } = this.at;
    this.at = null;
    this.timeline = null;
    this.element.hidden = true;
    this.element.replaceChildren();
    if (!inside) return;
    const opener = this.back?.isConnected ? this.back : this.pane.main.querySelector(`article[data-ts="${CSS.escape(ts)}"] .thread-line`);
    (opener ?? this.pane).focus();
  }

  /** A thread whose first message was deleted is closed. */
  show(screen) {
    if (!this.at) return undefined;
    const channel = screen.channels.find((one) => one.id === this.at.channel);
    const mine = screen.ephemerals.filter((message) => message.channel === this.at.channel);
    const here = [...(channel?.messages ?? []), ...mine].filter((message) => message.ts === this.at.ts || message.thread_ts === this.at.ts);
    if (!here.some((message) => message.ts === this.at.ts)) return this.close();
    here.sort((a, b) => Number(a.ts) - Number(b.ts));
    this.name.textContent = channel?.name ? `#${channel.name}` : "Purser";
    return this.timeline.show(here, { inThread: true });
  }
}
