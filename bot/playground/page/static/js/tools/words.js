/* How the tools write money, keys and numbers. */

const SECRET = /sk-[\w-]{6,}/g;

/** Dollars with the digits that matter: $25, $4.96, $0.0000146. */
export function dollars(usd) {
  const amount = Number(usd ?? 0);
  const size = Math.abs(amount);
  const digits = size === 0 || Number.isInteger(amount) ? 0 : size >= 1 ? 2 : Math.min(12, 2 - Math.floor(Math.log10(size)));
  const figures = size.toLocaleString("en-US", { minimumFractionDigits: size >= 1 ? digits : 0, maximumFractionDigits: digits });
  return `${amount < 0 ? "−" : ""}$${figures}`;
}

/** A key as it may stand on a screen: sk-…abcd. */
export function masked(secret) {
  if (!secret) return "";
  return secret.length > 10 ? `${secret.slice(0, 3)}…${secret.slice(-4)}` : "sk-…";
}

/** Text with every key in it masked. */
export function withoutKeys(text) {
  return text.replace(SECRET, masked);
}

/** The time zone of who is shown first. */
export function zoneOf(app) {
  return app.store.screen(app.panes[0]?.person)?.me?.tz || "UTC";
}

/** "1 row", "2 rows" */
export function counted(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en-US")} ${number === 1 ? one : many}`;
}
