/* The panel at the bottom: tabs of tools, one shown at a time, its height up to the visitor. */

import { fill, h, icon } from "../dom.js";
import { moveFocus } from "./popover.js";

const HEIGHT_KEY = "purser.dock";
const STEP = 40;

/** `tabs` is a list of {name, host, tool}; a tool's `open` and `close` are called as its tab is shown and left. */
export class Dock {
  constructor(element, tabs, onchange) {
    this.element = element;
    this.tabs = tabs;
    this.onchange = onchange;
    this.shown = null;
    const buttons = tabs.map((tab, index) => this.tabButton(tab, index));
    const list = h("div", { class: "dock-tabs", role: "tablist", "aria-label": "Tools", onkeydown: (event) => moveFocus(event, buttons) }, buttons);
    const close = h("button", { type: "button", class: "tool", "aria-label": "Close tools", title: "Close (Esc)", onclick: () => this.close() }, icon("close"));
    fill(element, this.handle(), h("div", { class: "dock-head" }, list, close), tabs.map((tab) => tab.host));
    element.addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && this.close());
    this.setHeight(Number(localStorage.getItem(HEIGHT_KEY)) || 300);
  }

  tabButton(tab, index) {
    tab.host.id = `dock-panel-${index}`;
    tab.host.hidden = true;
    tab.host.setAttribute("role", "tabpanel");
    tab.host.setAttribute("aria-label", tab.name);
    tab.button = h("button", { type: "button", role: "tab", class: "dock-tab", "aria-controls": tab.host.id, "aria-selected": "false", onclick: () => this.open(tab.name) }, tab.name);
    return tab.button;
  }

  /** Show a tool, or leave it if it is shown. */
  toggle(name) {
    if (this.shown === name) this.close();
    else this.open(name);
  }

  open(name) {
    this.opener ??= document.activeElement;
    const before = this.tabs.find((tab) => tab.name === this.shown);
    this.element.hidden = false;
    this.shown = name;
    for (const tab of this.tabs) {
      tab.host.hidden = tab.name !== name;
      tab.button.setAttribute("aria-selected", String(tab.name === name));
      tab.button.tabIndex = tab.name === name ? 0 : -1;
    }
    if (before?.name !== name) before?.tool.close?.();
    this.tabs.find((tab) => tab.name === name).tool.open?.();
    this.onchange();
  }

  close() {
    const inside = this.element.contains(document.activeElement);
    this.tabs.find((tab) => tab.name === this.shown)?.tool.close?.();
    this.shown = null;
    this.element.hidden = true;
    if (inside && this.opener?.isConnected) this.opener.focus();
    this.opener = null;
    this.onchange();
  }

  handle() {
    const handle = h("div", { class: "dock-handle", role: "separator", tabindex: "0", "aria-label": "Height of the tools", "aria-orientation": "horizontal", "aria-valuemin": "0", "aria-valuemax": "100" });
    handle.addEventListener("pointerdown", (event) => handle.setPointerCapture(event.pointerId));
    handle.addEventListener("pointermove", (event) => handle.hasPointerCapture(event.pointerId) && this.setHeight(innerHeight - event.clientY));
    handle.addEventListener("keydown", (event) => {
      const step = { ArrowUp: STEP, ArrowDown: -STEP }[event.key];
      if (step) this.setHeight(this.element.offsetHeight + step);
    });
    this.separator = handle;
    return handle;
  }

  setHeight(wanted) {
    const height = Math.max(160, Math.min(wanted, innerHeight * 0.7));
    this.element.style.setProperty("--dock-height", `${height}px`);
    this.separator.setAttribute("aria-valuenow", String(Math.round((height / innerHeight) * 100)));
    localStorage.setItem(HEIGHT_KEY, String(height));
  }
}
