/* How the tools write money, keys, people and moments. */

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

/** The name others read, of a user object. */
export function nameOf(user) {
  return user?.display_name || user?.real_name || user?.name || "";
}

/** A user id as a name, where the page knows it. */
export function nameOfId(app, id) {
  return nameOf(app.store.world?.users?.[id]) || id;
}

/** Everybody who can be somebody here, in the order of the cast. */
export function castOf(app) {
  const order = (app.about?.cast ?? []).map((one) => one.name);
  const people = Object.values(app.store.world?.users ?? {}).filter((user) => !user.is_bot && user.name !== "slackbot");
  const place = (user) => (order.includes(user.name) ? order.indexOf(user.name) : order.length);
  return people.sort((a, b) => place(a) - place(b) || a.name.localeCompare(b.name));
}

/** The time zone of who is shown first. */
export function zoneOf(app) {
  return app.store.screen(app.panes[0]?.person)?.me?.tz || "UTC";
}

function formatted(moment, zone, options) {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour12: false, ...options }).formatToParts(new Date(moment));
  return Object.fromEntries(parts.map((part) => [part.type, part.value]));
}

/** Sat 21 Nov 11:48 */
export function shortMoment(moment, zone) {
  const at = formatted(moment, zone, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  return `${at.weekday} ${at.day} ${at.month} ${at.hour}:${at.minute}`;
}

/** Monday 23 Nov, 09:00 */
export function longMoment(moment, zone) {
  const at = formatted(moment, zone, { weekday: "long", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  return `${at.weekday} ${at.day} ${at.month}, ${at.hour}:${at.minute}`;
}

/** 21 Nov */
export function dayAndMonth(moment, zone) {
  const at = formatted(moment, zone, { day: "numeric", month: "short" });
  return `${at.day} ${at.month}`;
}

/** 11:48:07 */
export function timeOfDay(moment, zone) {
  const at = formatted(moment, zone, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return `${at.hour}:${at.minute}:${at.second}`;
}

/** Sat 21 Nov 12:48 · 11:48 UTC; without the latter where that is the same. */
export function bothMoments(moment, zone) {
  const here = shortMoment(moment, zone);
  const utc = formatted(moment, "UTC", { hour: "2-digit", minute: "2-digit" });
  return here === shortMoment(moment, "UTC") ? here : `${here} · ${utc.hour}:${utc.minute} UTC`;
}

/** "1 row", "2 rows" */
export function counted(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en-US")} ${number === 1 ? one : many}`;
}

/** Put text on the clipboard and say so. */
export async function copy(app, text, what) {
  try {
    await navigator.clipboard.writeText(text);
    app.toast(`${what} copied.`);
  } catch {
    app.toast("Your browser does not let this page copy. Select the text instead.", { kind: "error" });
  }
}
