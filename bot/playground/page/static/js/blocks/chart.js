/* The data_visualization block: a chart drawn for the room there is, its legend, and its numbers as a table for who
   cannot see it. Series are told apart by colour and by dashes, marks or patterns. */

import { h } from "../dom.js";
import { drawPie } from "./chart_pie.js";
import { numberText, percentText } from "./chart_scale.js";
import { sampleOf } from "./chart_svg.js";
import { drawPlot } from "./chart_xy.js";
import { unknownBlock } from "./unknown.js";

const KINDS = { line: "Line chart", bar: "Bar chart", area: "Area chart", pie: "Pie chart" };

/** A chart in its frame. */
export function renderChart(block) {
  const kind = block.chart?.type;
  if (!Object.hasOwn(KINDS, kind)) return unknownBlock({ type: `${block.type} of ${kind}` });
  const data = kind === "pie" ? pieData(block.chart) : plotData(block.chart);
  const name = `${KINDS[kind]}: ${block.title}. ${data.summary}`;
  const plot = h("div", { class: "chart-plot" });
  const draw = kind === "pie" ? drawPie : drawPlot;
  const redraw = (width) => plot.replaceChildren(draw(data, { kind, name, width }));
  watchWidth(plot, redraw);
  const title = h("figcaption", { class: "chart-title" }, block.title);
  return h(
    "figure",
    { class: `bk-chart is-${kind}` },
    title,
    h("div", { class: "chart-body" }, plot, legend(data, kind)),
    numbers(block.title, data),
  );
}

function watchWidth(plot, redraw) {
  let drawn = 0;
  const observer = new ResizeObserver(([entry]) => {
    const width = Math.floor(entry.contentRect.width);
    if (!plot.isConnected) observer.disconnect();
    else if (width > 0 && width !== drawn) redraw((drawn = width));
  });
  observer.observe(plot);
}

function plotData({ series, axis_config: axes = {} }) {
  const categories = axes.categories ?? (series[0]?.data ?? []).map((point) => point.label);
  const rows = series.map(({ name, data }, index) => {
    const byLabel = new Map(data.map((point) => [point.label, point.value]));
    return { name, index, values: categories.map((category) => byLabel.get(category) ?? null) };
  });
  const summary = `${rows.length} series over ${categories.length} categories, from ${categories[0]} to ${categories.at(-1)}.`;
  return { categories, series: rows, xLabel: axes.x_label ?? "", yLabel: axes.y_label ?? "", summary };
}

function pieData({ segments }) {
  const total = segments.reduce((sum, { value }) => sum + Math.max(0, value), 0) || 1;
  const slices = segments.map(({ label, value }, index) => ({
    name: label,
    index,
    value,
    share: Math.max(0, value) / total,
  }));
  return { slices, summary: slices.map(({ name, share }) => `${name} ${percentText(share)}`).join(", ") };
}

function legend(data, kind) {
  if (data.slices) {
    const items = data.slices.map((slice) =>
      h(
        "li",
        null,
        sampleOf(slice.index, kind),
        h("span", { class: "legend-name" }, slice.name),
        h("span", { class: "legend-value" }, `${numberText(slice.value)} (${percentText(slice.share)})`),
      ),
    );
    return h("ul", { class: "chart-legend", "aria-hidden": "true" }, items);
  }
  if (data.series.length < 2) return null;
  return h(
    "ul",
    { class: "chart-legend", "aria-hidden": "true" },
    data.series.map(({ name, index }) =>
      h("li", null, sampleOf(index, kind), h("span", { class: "legend-name" }, name)),
    ),
  );
}

function numbers(title, data) {
  const head = data.slices
    ? ["Segment", "Value", "Share"]
    : [data.xLabel || "Category", ...data.series.map(({ name }) => name)];
  const rows = data.slices
    ? data.slices.map(({ name, value, share }) => [name, numberText(value), percentText(share)])
    : data.categories.map((category, at) => [
        category,
        ...data.series.map(({ values }) => (values[at] === null ? "no value" : numberText(values[at]))),
      ]);
  const cells = ([first, ...rest]) =>
    h(
      "tr",
      null,
      h("th", { scope: "row" }, first),
      rest.map((text) => h("td", null, text)),
    );
  const top = h(
    "tr",
    null,
    head.map((text) => h("th", { scope: "col" }, text)),
  );
  return h(
    "div",
    { class: "unseen" },
    h("table", null, h("caption", null, title), h("thead", null, top), h("tbody", null, rows.map(cells))),
  );
}
