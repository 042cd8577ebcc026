/* Moments as Slack shows them to each reader: in their time zone, and told against the playground's clock. */

import { dayNumber, formatIn, numbersIn } from "../moments.js";

const HALF_YEAR_MS = 182 * 86_400_000;

/** A format such as `{date_short_pretty} {time}` filled in for a moment given in epoch seconds. */
export function formatDate(epochSeconds, format, ctx, opening = false) {
  const at = new Date(epochSeconds * 1000);
  const now = ctx.now?.() ?? new Date();
  const shown = format.replace(/\{([a-z_]+)\}/g, (token, name) => TOKENS[name]?.(at, now, ctx.timeZone) ?? token);
  const pretty = opening && /^\{(?:[a-z_]+_pretty|ago)\}/.test(format);
  return pretty ? shown.charAt(0).toUpperCase() + shown.slice(1) : shown;
}

/** Epoch seconds as `YYYY-MM-DDTHH:MM` in a time zone, as a datetime-local input holds it. */
export function toLocalInput(epochSeconds, timeZone) {
  const { year, month, day, hour, minute } = numbersIn(new Date(epochSeconds * 1000), timeZone);
  return `${pad(year, 4)}-${pad(month)}-${pad(day)}T${pad(hour)}:${pad(minute)}`;
}

/** What a datetime-local input holds, read in a time zone, as epoch seconds. */
export function fromLocalInput(text, timeZone) {
  const wanted = Date.parse(`${text}:00Z`);
  let guess = wanted;
  for (let round = 0; round < 2; round += 1) guess = wanted - offsetMs(new Date(guess), timeZone);
  return guess / 1000;
}

function offsetMs(at, timeZone) {
  const { year, month, day, hour, minute, second } = numbersIn(at, timeZone);
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at.getTime() / 1000) * 1000;
}

const pad = (number, length = 2) => String(number).padStart(length, "0");
const spell = (at, timeZone, options) => formatIn(timeZone, options, "en-US").format(at);

function nearby(at, now, timeZone) {
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[dayNumber(at, timeZone) - dayNumber(now, timeZone)];
}

function ordinal(day) {
  const suffix = day % 100 >= 11 && day % 100 <= 13 ? "th" : ({ 1: "st", 2: "nd", 3: "rd" }[day % 10] ?? "th");
  return `${day}${suffix}`;
}

/** The year is said only when the date is more than half a year away. */
function dated(at, now, timeZone, { month, weekday }) {
  const { year, day } = numbersIn(at, timeZone);
  const name = spell(at, timeZone, { month });
  const text = month === "short" ? `${name} ${day}` : `${name} ${ordinal(day)}`;
  const lead = weekday ? `${spell(at, timeZone, { weekday: "long" })}, ` : "";
  return `${lead}${text}${Math.abs(at - now) > HALF_YEAR_MS ? `, ${year}` : ""}`;
}

function numeric(at, _now, timeZone) {
  const { year, month, day } = numbersIn(at, timeZone);
  return `${pad(year, 4)}-${pad(month)}-${pad(day)}`;
}

function slashed(at, _now, timeZone) {
  const { year, month, day } = numbersIn(at, timeZone);
  return `${pad(day)}/${pad(month)}/${year}`;
}

function clock(at, timeZone, seconds) {
  const { hour, minute, second } = numbersIn(at, timeZone);
  return `${pad(hour)}:${pad(minute)}${seconds ? `:${pad(second)}` : ""}`;
}

const STEPS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

function ago(at, now) {
  const seconds = Math.round((at - now) / 1000);
  const [unit, size] = STEPS.find(([, step]) => Math.abs(seconds) >= step) ?? ["second", 1];
  if (unit === "second" && Math.abs(seconds) < 10) return "just now";
  return new Intl.RelativeTimeFormat("en").format(Math.round(seconds / size), unit);
}

const short = (at, now, zone) => dated(at, now, zone, { month: "short" });
const plain = (at, now, zone) => dated(at, now, zone, { month: "long" });
const long = (at, now, zone) => dated(at, now, zone, { month: "long", weekday: true });
const pretty = (form) => (at, now, zone) => nearby(at, now, zone) ?? form(at, now, zone);

const TOKENS = {
  date_num: numeric,
  date_slash: slashed,
  date: plain,
  date_short: short,
  date_long: long,
  date_long_full: plain,
  date_pretty: pretty(plain),
  date_short_pretty: pretty(short),
  date_long_pretty: pretty(long),
  day_divider_pretty: pretty(long),
  time: (at, _now, zone) => clock(at, zone, false),
  time_secs: (at, _now, zone) => clock(at, zone, true),
  ago,
};
