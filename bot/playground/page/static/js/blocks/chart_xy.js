/* Line, area and bar charts: axes, grid, and the series in them. */

import { numberText, tickTexts, ticksFor, widthOf } from "./chart_scale.js";
import { dashOf, markAt, patternFor, seriesClass, svg } from "./chart_svg.js";

const HEIGHT = 220;
const TOP = 18;
const LABEL_MOST = 16;
const SLANT_ACROSS = 0.77;
const SLANT_DOWN = 0.65;

/** The chart as an SVG of exactly this width. */
export function drawPlot(data, { kind, name, width }) {
  const frame = layOut(data, width);
  const draw = { line: drawLines, area: drawLines, bar: drawBars }[kind];
  const parts = [grid(frame, data), draw(frame, data, kind), baseline(frame)];
  return svg(
    "svg",
    {
      class: "chart-svg",
      role: "img",
      "aria-label": name,
      width,
      height: frame.height,
      viewBox: `0 0 ${width} ${frame.height}`,
    },
    parts,
  );
}

function layOut(data, width) {
  const values = data.series.flatMap((one) => one.values).filter((value) => value !== null);
  const ticks = ticksFor(values);
  const texts = tickTexts(ticks);
  const right = width - 10;
  const widest = Math.max(...data.categories.map((label) => widthOf(label.slice(0, LABEL_MOST))));
  const bandFrom = (left) => (right - left) / Math.max(1, data.categories.length);
  const room = Math.max(28, ...texts.map((text) => widthOf(text) + 12));
  const slanted = Math.max(...data.categories.map((label) => widthOf(label))) > bandFrom(room) - 6;
  const left = slanted ? Math.max(room, widest * SLANT_ACROSS - bandFrom(room) / 2 + 2) : room;
  const band = bandFrom(left);
  const drop = slanted ? widest * SLANT_DOWN + 16 : 20;
  const top = TOP + (data.yLabel ? 16 : 0);
  const bottom = top + HEIGHT;
  const y = (value) => bottom - ((value - ticks[0]) / (ticks.at(-1) - ticks[0])) * HEIGHT;
  const x = (at) => left + band * (at + 0.5);
  return {
    ticks,
    texts,
    left,
    right,
    top,
    bottom,
    band,
    slanted,
    x,
    y,
    drop,
    width,
    height: Math.ceil(bottom + drop + (data.xLabel ? 24 : 4)),
  };
}

function grid(frame, data) {
  const { left, right, bottom, drop, ticks, texts, y } = frame;
  const lines = ticks.flatMap((tick, at) => [
    svg("path", { class: "chart-grid", d: `M${left} ${Math.round(y(tick)) + 0.5}H${right}` }),
    svg("text", { class: "chart-text", x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, texts[at]),
  ]);
  const xName = data.xLabel
    ? svg(
        "text",
        { class: "chart-axis", x: (left + right) / 2, y: bottom + drop + 16, "text-anchor": "middle" },
        data.xLabel,
      )
    : null;
  const yName = data.yLabel ? svg("text", { class: "chart-axis", x: 0, y: 12 }, data.yLabel) : null;
  return svg("g", null, lines, categoryLabels(frame, data.categories), xName, yName);
}

/** Level where they fit, else slanted; every second or third one where even that is too dense. */
function categoryLabels({ band, slanted, x, bottom }, categories) {
  const every = slanted ? Math.max(1, Math.ceil(15 / band)) : 1;
  return categories.map((label, at) => {
    if (at % every) return null;
    const text = slanted && label.length > LABEL_MOST ? `${label.slice(0, LABEL_MOST - 1)}…` : label;
    const turn = slanted ? `rotate(-40 ${x(at)} ${bottom + 14})` : null;
    const props = {
      class: "chart-text",
      x: x(at) + (slanted ? 4 : 0),
      y: bottom + 16,
      "text-anchor": slanted ? "end" : "middle",
      transform: turn,
    };
    return svg("text", props, text);
  });
}

function baseline({ left, right, y }) {
  return svg("path", { class: "chart-base", d: `M${left} ${Math.round(y(0)) + 0.5}H${right}` });
}

// -- lines and areas --

function drawLines(frame, data, kind) {
  const last = data.categories.length - 1;
  const labels = data.series.map(({ values }) => (values[last] === null ? null : frame.y(values[last])));
  const drawn = data.series.map((series) => oneLine(frame, data, series, kind));
  const shown = data.series.map(({ values }, at) =>
    isFree(labels, at) ? valueText(frame, frame.x(last), labels[at] - 9, values[last]) : null,
  );
  return svg("g", null, drawn, shown);
}

function oneLine(frame, data, { name, index, values }, kind) {
  const runs = runsOf(values).map((run) => run.map((at) => [frame.x(at), frame.y(values[at])]));
  const path = (points) => `M${points.map(([px, py]) => `${px.toFixed(1)} ${py.toFixed(1)}`).join("L")}`;
  const areas =
    kind === "area"
      ? runs.map((points) =>
          svg("path", { class: "chart-area", d: `${path(points)}V${frame.y(0)}H${points[0][0].toFixed(1)}Z` }),
        )
      : null;
  const lines = runs.map((points) =>
    svg("path", { class: "chart-line", d: path(points), "stroke-dasharray": dashOf(index) }),
  );
  const marks = values.map((value, at) => {
    if (value === null) return null;
    const mark = markAt(index, frame.x(at), frame.y(value), data.categories.length > 14 ? 3 : 4);
    mark.append(svg("title", null, `${name}, ${data.categories[at]}: ${numberText(value)}`));
    return mark;
  });
  return svg("g", { class: seriesClass(index) }, areas, lines, marks);
}

/** The places that follow each other without a gap. */
function runsOf(values) {
  const runs = [[]];
  for (const [at, value] of values.entries()) {
    if (value === null) runs.push([]);
    else runs.at(-1).push(at);
  }
  return runs.filter((run) => run.length);
}

const isFree = (labels, at) =>
  labels[at] !== null && labels.every((y, other) => other === at || y === null || Math.abs(y - labels[at]) > 26);

function valueText({ width }, x, y, value) {
  const text = numberText(value);
  const middle = Math.min(x, width - widthOf(text) / 2 - 2);
  return svg("text", { class: "chart-value", x: middle, y: Math.max(11, y), "text-anchor": "middle" }, text);
}

// -- bars --

function drawBars(frame, data) {
  const { band } = frame;
  const group = Math.min(band * 0.74, 64 * data.series.length);
  const thick = group / data.series.length;
  const fits = data.series
    .flatMap(({ values }) => values)
    .every((value) => value === null || widthOf(numberText(value), 11) <= thick + 6);
  const fills = data.series.map(({ index }) => patternFor(index));
  const bars = data.series.map(({ name, index, values }, nth) =>
    values.map((value, at) => {
      if (value === null) return null;
      const x = frame.x(at) - group / 2 + nth * thick;
      const box = { x: x + Math.min(1, thick * 0.05), width: Math.max(1, thick - Math.min(2, thick * 0.1)) };
      const title = svg("title", null, `${name}, ${data.categories[at]}: ${numberText(value)}`);
      const bar = svg(
        "path",
        { class: "chart-bar", d: barPath(frame, box, value), fill: `url(#${fills[nth].id})` },
        title,
      );
      const above = value < 0 ? frame.y(value) + 13 : frame.y(value) - 5;
      return svg("g", { class: seriesClass(index) }, bar, fits ? valueText(frame, x + thick / 2, above, value) : null);
    }),
  );
  return svg(
    "g",
    null,
    svg(
      "defs",
      null,
      fills.map(({ node }) => node),
    ),
    bars,
  );
}

/** A bar from the zero line, rounded at its free end. */
function barPath({ y }, { x, width }, value) {
  const [from, to] = [y(0), y(value)];
  const radius = Math.min(4, width / 3, Math.abs(from - to));
  const inward = value < 0 ? -radius : radius;
  return `M${x} ${from}V${to + inward}Q${x} ${to} ${x + radius} ${to}H${x + width - radius}Q${x + width} ${to} ${x + width} ${to + inward}V${from}Z`;
}
