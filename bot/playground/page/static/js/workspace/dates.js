/* Moments as a person in their own time zone reads them. */

const DAY_MS = 86_400_000;

function format(moment, zone, options) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone || "UTC", ...options }).format(moment);
}

/** The moment of a message. */
export function momentOf(ts) {
  return new Date(Number(ts) * 1000);
}

/** 09:05 */
export function clockTime(moment, zone) {
  return format(moment, zone, { hour: "2-digit", minute: "2-digit" });
}

/** A day as a key to group by. */
export function dayOf(moment, zone) {
  return format(moment, zone, { year: "numeric", month: "2-digit", day: "2-digit" });
}

/** Today, Yesterday, or Monday 23 November. */
export function dayName(moment, now, zone) {
  const day = dayOf(moment, zone);
  if (day === dayOf(now, zone)) return "Today";
  if (day === dayOf(new Date(now.getTime() - DAY_MS), zone)) return "Yesterday";
  const year = moment.getFullYear() === now.getFullYear() ? {} : { year: "numeric" };
  return format(moment, zone, { weekday: "long", day: "numeric", month: "long", ...year });
}

/** Everything, for tooltips. */
export function fullMoment(moment, zone) {
  return format(moment, zone, { dateStyle: "full", timeStyle: "medium" });
}

/** today, yesterday, or 23 Nov: a day within a sentence. */
export function shortDay(moment, now, zone) {
  const name = dayName(moment, now, zone);
  if (name === "Today" || name === "Yesterday") return name.toLowerCase();
  return format(moment, zone, { day: "numeric", month: "short" });
}
