/* Purser's Home tab, and the tabs of its app page. */

import { app } from "../app.js";
import { renderBlocks } from "../blocks/index.js";
import { fill, h } from "../dom.js";
import { dayNumber } from "../moments.js";
import { store } from "../store.js";
import { keepFocus } from "../ui/focus.js";
import { contextOf, contextVersion } from "./context.js";
import { avatar } from "./people.js";
import { draftOver } from "./values.js";

/** The tabs of Purser's page: Home and Messages. */
export function appTabs(pane, active) {
  if (!app.vocabulary.home_tab) return null;
  const tab = (name, label, where) =>
    h("button", { type: "button", class: "app-tab", "aria-current": name === active ? "true" : null, onclick: () => pane.open(where, { focus: true }) }, label);
  return h("div", { class: "app-tabs", role: "group", "aria-label": "Purser’s pages" }, tab("home", "Home", "home"), tab("messages", "Messages", "dm"));
}

/** The Home tab of a pane's person; opening it tells the bot. */
export class HomeView {
  constructor(pane) {
    this.pane = pane;
    this.content = h("div", { class: "home", tabindex: "0", role: "region", "aria-label": "Home" });
    const head = h("header", { class: "room-head" }, pane.drawerButton(), h("h2", null, avatar({ is_bot: true }, "avatar-s"), "Purser"), appTabs(pane, "home"));
    this.element = h("div", { class: "room" }, head, this.content);
    this.version = null;
    this.values = {};
    app.act(pane.person, "home", { tab: "home" }).catch(() => {});
  }

  show(screen) {
    const view = screen.home;
    const version = view ? `${view.id}|${view.hash}|${contextVersion()}|${dayNumber(store.now(), screen.me.tz)}` : "none";
    if (version === this.version) return;
    this.version = version;
    if (!view) return fill(this.content, h("p", { class: "empty" }, isStranger(screen) ? "Purser serves the people of its own workspace only." : "Purser is preparing this page."));
    const context = contextOf(this.pane, "home", { view_id: view.id }, { draft: draftOver(this.values, view) });
    keepFocus(this.content, () => fill(this.content, h("div", { class: "home-page" }, renderBlocks(view.blocks, context))));
  }
}

function isStranger({ me, bot }) {
  return me.team_id !== store.world.users[bot]?.team_id;
}
