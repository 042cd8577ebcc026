/* Moments as people read them, in a time zone. `moment` is a Date, or what one is made of. */

const DAY_MS = 86_400_000;
const TIME = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const formats = new Map();

/** A format that is made once: making one costs more than using it. */
export function formatIn(zone, options, locale = "en-GB") {
  const key = JSON.stringify([locale, zone, options]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(locale, { timeZone: zone || "UTC", ...options }));
  return formats.get(key);
}

function parts(moment, zone, options) {
  const found = formatIn(zone, options).formatToParts(new Date(moment));
  return Object.fromEntries(found.map(({ type, value }) => [type, value]));
}

/** The calendar day and time of day, as numbers. */
export function numbersIn(moment, zone) {
  const numeric = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" };
  const { literal: _, ...found } = parts(moment, zone, { ...numeric, hourCycle: "h23" });
  return Object.fromEntries(Object.entries(found).map(([type, value]) => [type, Number(value)]));
}

/** Days are numbered, so that yesterday is one less even where a day has 23 hours. */
export function dayNumber(moment, zone) {
  const { year, month, day } = numbersIn(moment, zone);
  return Date.UTC(year, month - 1, day) / DAY_MS;
}

/** The moment of a message. */
export function momentOf(ts) {
  return new Date(Number(ts) * 1000);
}

/** 09:05 */
export function clockTime(moment, zone) {
  return formatIn(zone, TIME).format(new Date(moment));
}

/** 11:48:07 */
export function timeOfDay(moment, zone) {
  return formatIn(zone, { ...TIME, second: "2-digit" }).format(new Date(moment));
}

/** 21 Nov */
export function dayAndMonth(moment, zone) {
  return formatIn(zone, { day: "numeric", month: "short" }).format(new Date(moment));
}

/** Today, Yesterday, or Monday 23 November. */
export function dayName(moment, now, zone) {
  const near = nearbyDay(moment, now, zone);
  if (near) return near;
  const year = numbersIn(moment, zone).year === numbersIn(now, zone).year ? {} : { year: "numeric" };
  return formatIn(zone, { weekday: "long", day: "numeric", month: "long", ...year }).format(new Date(moment));
}

/** today, yesterday, or 23 Nov: a day within a sentence. */
export function shortDay(moment, now, zone) {
  return nearbyDay(moment, now, zone)?.toLowerCase() ?? dayAndMonth(moment, zone);
}

function nearbyDay(moment, now, zone) {
  return ["Today", "Yesterday"][dayNumber(now, zone) - dayNumber(moment, zone)];
}

/** Everything, for tooltips. */
export function fullMoment(moment, zone) {
  return formatIn(zone, { dateStyle: "full", timeStyle: "medium" }).format(new Date(moment));
}

/** Sat 21 Nov 11:48 */
export function shortMoment(moment, zone) {
  const at = parts(moment, zone, { weekday: "short", day: "numeric", month: "short" });
  return `${at.weekday} ${at.day} ${at.month} ${clockTime(moment, zone)}`;
}

/** Monday 23 Nov, 09:00 */
export function longMoment(moment, zone) {
  const at = parts(moment, zone, { weekday: "long", day: "numeric", month: "short" });
  return `${at.weekday} ${at.day} ${at.month}, ${clockTime(moment, zone)}`;
}

/** Monday, 30 November 2026, for "2026-11-30"; nothing for what is no day. */
export function writtenDay(day) {
  const options = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
  return day ? formatIn("UTC", options).format(new Date(`${day}T00:00:00Z`)) : "";
}

/** Sat 21 Nov 12:48 · 11:48 UTC; without the latter where that is the same. */
export function bothMoments(moment, zone) {
  const here = shortMoment(moment, zone);
  return here === shortMoment(moment, "UTC") ? here : `${here} · ${clockTime(moment, "UTC")} UTC`;
}
