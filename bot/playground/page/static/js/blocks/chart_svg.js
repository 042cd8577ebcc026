/* How series look in charts: colours from the tokens, and dashes, marks and patterns that do without colour. */

const SVG = "http://www.w3.org/2000/svg";
const DASHES = [null, "7 4", "2 3.5", "10 3 2 3", "14 4", "4 2"];
const TILE = 8;
let patterns = 0;

/** An SVG element. */
export function svg(tag, props, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props ?? {}))
    if (value !== null && value !== undefined) element.setAttribute(name, value);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/** The class that gives a series its colour. */
export function seriesClass(index) {
  return `series-${(index % 6) + 1}`;
}

/** How the line of a series is broken. */
export function dashOf(index) {
  return DASHES[index % DASHES.length];
}

/** The mark of a series at one place. */
export function markAt(index, x, y, size = 4) {
  const props = { class: "chart-mark" };
  const shape = (points) =>
    svg("path", { ...props, d: `M${points.map(([dx, dy]) => `${x + dx * size} ${y + dy * size}`).join("L")}Z` });
  switch (index % 6) {
    case 0:
      return svg("circle", { ...props, cx: x, cy: y, r: size * 0.95 });
    case 1:
      return shape([
        [-0.9, -0.9],
        [0.9, -0.9],
        [0.9, 0.9],
        [-0.9, 0.9],
      ]);
    case 2:
      return shape([
        [0, -1.15],
        [1.1, 0.85],
        [-1.1, 0.85],
      ]);
    case 3:
      return shape([
        [0, -1.25],
        [1.25, 0],
        [0, 1.25],
        [-1.25, 0],
      ]);
    case 4:
      return svg("circle", { class: "chart-mark is-hollow", cx: x, cy: y, r: size * 0.9 });
    default:
      return shape([
        [0, 1.15],
        [1.1, -0.85],
        [-1.1, -0.85],
      ]);
  }
}

/** A pattern for filling a series; its id is for `url(#...)`. */
export function patternFor(index) {
  patterns += 1;
  const id = `chart-fill-${patterns}`;
  const base = svg("rect", { class: "chart-ink", width: TILE, height: TILE });
  const props = { id, class: seriesClass(index), patternUnits: "userSpaceOnUse", width: TILE, height: TILE };
  return { id, node: svg("pattern", props, base, hatch(index % 6)) };
}

function hatch(kind) {
  const line = (d) => svg("path", { class: "chart-hatch", d });
  switch (kind) {
    case 1:
      return line("M-2 2 2-2M0 8 8 0M6 10 10 6");
    case 2:
      return svg("circle", { class: "chart-dot", cx: 4, cy: 4, r: 1.7 });
    case 3:
      return line("M-2 6 2 10M0 0 8 8M6-2 10 2");
    case 4:
      return line("M0 4H8");
    case 5:
      return line("M4 0V8M0 4H8");
    default:
      return null;
  }
}

/** A sample of a series for the legend. */
export function sampleOf(index, kind) {
  const props = { class: `chart-sample ${seriesClass(index)}`, viewBox: "0 0 26 14", "aria-hidden": "true" };
  if (kind === "line" || kind === "area") {
    const line = svg("path", { class: "chart-line", d: "M1 7H25", "stroke-dasharray": dashOf(index) });
    return svg("svg", props, line, markAt(index, 13, 7));
  }
  const { id, node } = patternFor(index);
  return svg(
    "svg",
    props,
    svg("defs", null, node),
    svg("rect", { x: 6, width: 14, height: 14, rx: 3, fill: `url(#${id})` }),
  );
}
