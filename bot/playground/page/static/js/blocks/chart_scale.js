/* Numbers of a chart: sensible ticks, and how they are written. */

const STEPS = [1, 2, 2.5, 5, 10];

/** Round steps from below the least to above the greatest value, zero among them. */
export function ticksFor(values, about = 5) {
  const least = Math.min(0, ...values);
  const most = Math.max(0, ...values);
  const rough = (most - least || 1) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = STEPS.find((one) => one * power >= rough * 0.999) * power;
  const first = Math.floor(least / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(most / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

/** A number in full, with at most two decimals. */
export function numberText(value) {
  return value.toLocaleString("en-US", { maximumFractionDigits: Math.abs(value) < 1 ? 4 : 2 });
}

/** The ticks of an axis as text, all written alike: `5,000`, or `5k` where some are long. */
export function tickTexts(ticks) {
  if (ticks.every((tick) => Math.abs(tick) < 10_000)) return ticks.map(numberText);
  const form = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
  return ticks.map((tick) => form.format(tick).replace("K", "k"));
}

/** A share as a percentage. */
export function percentText(share) {
  const percent = share * 100;
  return `${percent > 0 && percent < 1 ? "<1" : Math.round(percent)}%`;
}

/** About how wide a text is, in pixels. */
export function widthOf(text, size = 12) {
  return text.length * size * 0.56;
}
