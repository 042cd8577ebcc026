/* Putting text on the clipboard, also where the browser asks for the old way. */

import { h } from "../dom.js";
import { toast } from "./dialogs.js";

/** Put text on the clipboard and say so. */
export async function copy(text, what) {
  if (await toClipboard(text)) toast(`${what} copied.`);
  else toast("Your browser does not let this page copy. Select the text instead.", { kind: "error" });
}

/** Put text on the clipboard; whether it is there now. */
export async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedAsSelection(text);
  }
}

function copiedAsSelection(text) {
  const area = h("textarea", { class: "unseen", "aria-hidden": "true", value: text });
  const before = document.activeElement;
  const host = before?.closest?.("dialog") ?? document.body;
  host.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus?.();
  return done;
}
