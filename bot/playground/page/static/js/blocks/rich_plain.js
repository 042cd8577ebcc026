/* Between a rich_text object and plain lines, for the input that takes formatted text. */

/** The words of a rich_text object, a line per part. */
export function plainOf(richText) {
  return (richText?.elements ?? []).map((part) => words(part)).join("\n");
}

/** Plain lines as a rich_text object; null when there is nothing. */
export function richTextOf(text) {
  if (!text.trim()) return null;
  return { type: "rich_text", elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }] };
}

function words(part) {
  if (part.type === "rich_text_list") return part.elements.map((item) => `• ${words(item)}`).join("\n");
  if (part.elements) return part.elements.map((inner) => words(inner)).join("");
  return part.text ?? part.url ?? (part.name ? `:${part.name}:` : "");
}
