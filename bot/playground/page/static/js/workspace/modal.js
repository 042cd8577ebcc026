/* The modal of a pane's person: the view on top of the stack, what was typed in it, and its complaints. */

import { app } from "../app.js";
import { renderBlocks } from "../blocks/index.js";
import { fill, h, icon } from "../dom.js";
import { renderText } from "../text/index.js";
import { keepFocus } from "../ui/focus.js";
import { contextOf } from "./context.js";
import { draftOver } from "./values.js";

/** What was typed in each open view, and what was wrong with it: kept while its person is not shown. */
const drafts = new Map();
let titles = 0;

/** Shows the topmost view while there is one. */
export class Modal {
  constructor(pane) {
    this.pane = pane;
    this.element = h("div", { class: "modal-layer", hidden: true });
    this.element.addEventListener("keydown", (event) => this.key(event));
    this.shown = null;
    this.before = null;
    this.sending = null;
    this.closing = null;
  }

  /** Draw the stack; what was typed stays where block and action ids stay. */
  show(views) {
    const view = views.at(-1) ?? null;
    this.forgetAllBut(views);
    if (!view) return this.gone();
    const version = `${view.id}|${view.hash}|${view.notice}|${views.length}`;
    if (this.shown?.version === version) return;
    if (!this.shown) this.before = document.activeElement;
    const isNew = this.shown?.view.id !== view.id;
    this.shown = { version, view };
    this.draw(view, views.length, isNew);
  }

  gone() {
    if (!this.shown) return;
    const inside = this.element.contains(document.activeElement) || document.activeElement === document.body;
    this.hide();
    if (!inside) return;
    if (this.before?.isConnected && this.pane.root.contains(this.before)) this.before.focus();
    else this.pane.focus();
  }

  /** Take it off the screen; whose it is may come back to it. */
  hide() {
    this.shown = null;
    this.element.hidden = true;
    this.element.replaceChildren();
    this.pane.setInert(false);
  }

  draftOf(view) {
    if (!drafts.has(view.id)) drafts.set(view.id, { person: this.pane.person, values: {}, errors: {} });
    return drafts.get(view.id);
  }

  forgetAllBut(views) {
    for (const [id, { person }] of drafts) {
      if (person === this.pane.person && !views.some((one) => one.id === id)) drafts.delete(id);
    }
  }

  draw(view, depth, isNew) {
    const title = `modal-title-${++titles}`;
    const { errors } = this.draftOf(view);
    const head = h(
      "header",
      { class: "modal-head" },
      depth > 1 && h("button", { type: "button", class: "tool", "aria-label": "Back", onclick: () => this.close(view) }, icon("back")),
      h("h2", { id: title }, renderText(view.title, this.context(view))),
      h("button", { type: "button", class: "tool", "aria-label": "Close", title: "Close (Esc)", onclick: () => this.close(view, { all: true }) }, icon("close")),
    );
    const body = h("div", { class: "modal-body", tabindex: "-1", dataset: { scrolls: "" } }, notices(view, errors), renderBlocks(view.blocks, this.context(view)));
    const form = h("form", { class: "modal-form", novalidate: true }, head, body, this.foot(view));
    const dialog = h("div", { class: "modal", role: "dialog", "aria-labelledby": title }, form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit(view);
    });
    keepFocus(this.element, () => fill(this.element, dialog), body);
    this.element.hidden = false;
    this.pane.setInert(true);
    if (!this.pane.isActive()) return;
    if (isNew) focusFirst(body);
    else if (document.activeElement === document.body) body.focus({ preventScroll: true });
  }

  foot(view) {
    if (!view.submit && !view.close) return null;
    const close = h("button", { type: "button", class: "button", onclick: () => this.close(view) }, view.close?.text ?? (view.submit ? "Cancel" : "Close"));
    const isSent = this.sending === view.id;
    const submit = view.submit && h("button", { type: "submit", class: ["button primary", isSent && "busy"], disabled: isSent }, view.submit.text);
    return h("footer", { class: "modal-foot" }, close, submit);
  }

  context(view) {
    const { values, errors } = this.draftOf(view);
    return contextOf(this.pane, "modal", { view_id: view.id }, { errors, draft: draftOver(values, view) });
  }

  key(event) {
    if (event.defaultPrevented || !this.shown) return;
    if (event.key === "Escape") {
      event.preventDefault();
      this.close(this.shown.view, { all: true });
    } else if (event.key === "Enter" && (event.metaKey || event.ctrlKey) && this.shown.view.submit) this.submit(this.shown.view);
  }

  /** Once, however often it is asked for, and although the view may be drawn anew meanwhile. */
  async submit(view) {
    if (this.sending === view.id) return;
    this.sending = view.id;
    const button = this.element.querySelector("[type=submit]");
    button.disabled = true;
    button.classList.add("busy");
    const draft = this.draftOf(view);
    const reply = await app.act(this.pane.person, "submit", { view_id: view.id, values: draft.values }).catch(() => null);
    this.sending = null;
    draft.errors = reply?.errors ?? {};
    if (this.shown?.view.id !== view.id) return;
    this.draw(this.shown.view, this.pane.modalsOpen(), false);
    this.element.querySelector("[aria-invalid=true]")?.focus();
  }

  async close(view, { all = false } = {}) {
    if (this.closing === view.id) return;
    this.closing = view.id;
    await app.act(this.pane.person, "close", { view_id: view.id, all }).catch(() => (this.closing = null));
  }
}

function notices(view, errors) {
  const known = new Set(view.blocks.map((block) => block.block_id));
  const lost = Object.entries(errors).filter(([block]) => !known.has(block));
  return [
    view.notice && h("p", { class: "modal-notice", role: "alert" }, icon("warning"), view.notice),
    lost.map(([, text]) => h("p", { class: "modal-notice", role: "alert" }, icon("warning"), text)),
  ];
}

function focusFirst(body) {
  const first = body.querySelector("input:not([type=hidden]), textarea, select, [role=combobox]");
  (first ?? body).focus();
}
