/* What this page cannot show is said loudly, on the page and in the console, so that nobody misses it. */

import { h } from "../dom.js";

/** An error box in the place of a block or element of an unknown type. */
export function unknownBlock(node) {
  const text = `Unknown block: ${node?.type}`;
  console.error(text, node);
  return h("div", { class: "unknown-block", role: "alert" }, text);
}
