/* Pie charts: slices from twelve o'clock on, with their share inside where there is room. */

import { numberText, percentText } from "./chart_scale.js";
import { patternFor, seriesClass, svg } from "./chart_svg.js";

const MOST = 200;
const LEAST_SHARE_SHOWN = 0.07;

/** The pie as an SVG that fits this width. */
export function drawPie({ slices }, { name, width }) {
  const size = Math.min(MOST, width);
  const radius = size / 2 - 2;
  const fills = slices.map(({ index }) => patternFor(index));
  let turned = 0;
  const drawn = slices.map((slice, nth) => {
    const [from, to] = [turned, turned + slice.share];
    turned = to;
    const title = svg("title", null, `${slice.name}: ${numberText(slice.value)} (${percentText(slice.share)})`);
    const shape = svg(
      "path",
      { class: "chart-slice", d: slicePath(size / 2, radius, from, to), fill: `url(#${fills[nth].id})` },
      title,
    );
    return svg("g", { class: seriesClass(slice.index) }, shape, shareText(slice, (from + to) / 2, size / 2, radius));
  });
  const props = {
    class: "chart-svg",
    role: "img",
    "aria-label": name,
    width: size,
    height: size,
    viewBox: `0 0 ${size} ${size}`,
  };
  return svg(
    "svg",
    props,
    svg(
      "defs",
      null,
      fills.map(({ node }) => node),
    ),
    drawn,
  );
}

const onCircle = (center, radius, turn) => {
  const angle = turn * 2 * Math.PI - Math.PI / 2;
  return [center + radius * Math.cos(angle), center + radius * Math.sin(angle)];
};

function slicePath(center, radius, from, to) {
  if (to - from > 0.9999)
    return `M${center} ${center - radius}A${radius} ${radius} 0 1 1 ${center - 0.01} ${center - radius}Z`;
  const [x1, y1] = onCircle(center, radius, from);
  const [x2, y2] = onCircle(center, radius, to);
  return `M${center} ${center}L${x1} ${y1}A${radius} ${radius} 0 ${to - from > 0.5 ? 1 : 0} 1 ${x2} ${y2}Z`;
}

function shareText({ share }, middle, center, radius) {
  if (share < LEAST_SHARE_SHOWN) return null;
  const [x, y] = onCircle(center, radius * 0.64, middle);
  const text = percentText(share);
  const wide = text.length * 7.2 + 8;
  const plate = svg("rect", { class: "chart-plate", x: x - wide / 2, y: y - 9, width: wide, height: 18, rx: 9 });
  return svg("g", null, plate, svg("text", { class: "chart-value", x, y: y + 4, "text-anchor": "middle" }, text));
}
