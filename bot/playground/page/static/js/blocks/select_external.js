/* The options of an external select: asked of the bot as the person types. */

import { optionItem } from "./select_items.js";

const PAUSE_MS = 200;

/** A function to call with what is typed; it tells `found` the items, or a note instead of them. */
export function externalFinder({ block, element, ctx }, found) {
  const least = element.min_query_length ?? 3;
  let timer = 0;
  let asked = null;
  return (typed) => {
    const words = typed.trim();
    if (words === asked) return;
    clearTimeout(timer);
    asked = words;
    if (words.length < least) {
      found([], least === 1 ? "Type to search" : `Type at least ${least} characters`);
      return;
    }
    found([], "Searching…");
    timer = setTimeout(async () => {
      const answer = await ctx.options(block, element, words).catch(() => null);
      if (words !== asked) return;
      const items = (answer ?? []).map((option) => optionItem(option, { external: true }));
      found(items, answer ? "" : "The options could not be loaded");
    }, PAUSE_MS);
  };
}
