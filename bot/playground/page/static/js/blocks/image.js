/* Images: from this page's own origin or inside the message, never from elsewhere. */

import { h, icon } from "../dom.js";

/** An image, or its words in a frame when it cannot be shown here. */
export function imageElement(node, ctx, look) {
  const source = sourceOf(node, ctx);
  const alt = node.alt_text ?? "";
  const frame = () =>
    h("span", { class: [look, "image-missing"], role: "img", "aria-label": alt }, icon("file"), h("span", null, alt));
  if (!source) return frame();
  const image = h("img", { class: look, src: source, alt, loading: "lazy" });
  image.addEventListener("error", () => image.replaceWith(frame()));
  return image;
}

function sourceOf(node, ctx) {
  const file = node.slack_file?.id;
  const url = file ? ctx.file?.(file) : (node.image_url ?? node.slack_file?.url);
  if (!url) return null;
  if (/^data:image\//i.test(url)) return url;
  const target =
    URL.parse?.(url, location.href) ?? (URL.canParse(url, location.href) ? new URL(url, location.href) : null);
  return target?.origin === location.origin ? target.href : null;
}
