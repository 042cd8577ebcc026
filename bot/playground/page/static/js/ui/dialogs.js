/* Questions and notices that belong to the page itself, not to a person's workspace. */

import { announce, h } from "../dom.js";

const TOAST_MS = 5000;

/** Ask yes or no; the answer is true only for the confirming button. */
export function ask({ title, text, confirm = "OK", deny = "Cancel", danger = false }) {
  return new Promise((resolve) => {
    const before = document.activeElement;
    const yes = h("button", { type: "submit", value: "yes", class: ["button", danger ? "danger" : "primary"] }, confirm);
    const no = h("button", { type: "submit", value: "no", class: "button" }, deny);
    const form = h("form", { method: "dialog" }, h("h2", { id: "ask-title" }, title), text && h("p", null, text), h("div", { class: "row-end" }, no, yes));
    const dialog = h("dialog", { class: "ask", "aria-labelledby": "ask-title" }, form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (before?.isConnected) before.focus();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
    yes.focus();
  });
}

/** Say something at the bottom of the page for a few seconds. */
export function toast(text, { kind = "info" } = {}) {
  const note = h("div", { class: ["toast", `toast-${kind}`] }, text);
  document.getElementById("toasts").append(note);
  announce(text);
  setTimeout(() => note.remove(), TOAST_MS);
}
