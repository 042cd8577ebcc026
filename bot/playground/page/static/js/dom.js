/* Building and updating the page: the only way to make elements here. Text is always text, never markup. */

const SVG = "http://www.w3.org/2000/svg";

/** A new element: `on...` functions listen, true is a bare attribute, null and false are left out. */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) setProp(element, name, value);
  add(element, children);
  return element;
}

function setProp(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "dataset") Object.assign(element.dataset, value);
  else if (name.startsWith("on") && typeof value === "function") element.addEventListener(name.slice(2), value);
  else if (name === "class") element.className = Array.isArray(value) ? value.filter(Boolean).join(" ") : value;
  else if (name === "value" && "value" in element) element.value = value;
  else element.setAttribute(name, value === true ? "" : value);
}

/** Append what may be nodes, text, numbers, lists of these, or nothing. */
export function add(parent, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === true) continue;
    parent.append(child instanceof Node ? child : String(child));
  }
  return parent;
}

/** Replace all that is in an element. */
export function fill(parent, ...children) {
  parent.replaceChildren();
  return add(parent, children);
}

/** Make the children be `items`, in order; a child is made anew only when its version differs. */
export function keyed(parent, items, { key, version, render }) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let at = parent.firstElementChild;
  for (const item of items) {
    const id = String(key(item));
    const wanted = String(version(item));
    let child = old.get(id);
    old.delete(id);
    if (!child || child.dataset.version !== wanted) {
      const fresh = render(item);
      fresh.dataset.key = id;
      fresh.dataset.version = wanted;
      if (child) {
        if (at === child) at = fresh;
        child.replaceWith(fresh);
      }
      child = fresh;
    }
    if (child === at) at = at.nextElementSibling;
    else parent.insertBefore(child, at);
  }
  for (const gone of old.values()) gone.remove();
}

/** An icon from the page's own set; decoration only, so hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true" })) {
    svg.setAttribute(key, value);
  }
  for (const path of ICONS[name] ?? []) {
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("d", path);
    svg.append(line);
  }
  return svg;
}

/** Say something to screen readers, politely. */
export function announce(text) {
  const region = document.getElementById("announcer");
  if (region) region.textContent = text;
}

/** Outlines on a 20 by 20 grid, drawn with the text's colour. */
const ICONS = {
  hash: ["M8 3 6.5 17M13.5 3 12 17M3.5 7.5h14M2.5 12.5h14"],
  lock: ["M5 9h10v8H5zM7 9V6.5a3 3 0 0 1 6 0V9"],
  home: ["M3 9.5 10 3l7 6.5M5 8v9h10V8M8.5 17v-5h3v5"],
  key: ["M13 11a4 4 0 1 0-3.5-2L3 15.5V18h3v-2h2v-2h2l1.2-1.2M14 6.5h.01"],
  send: ["M3 10 17 3l-4.5 14-3-5.5zM9.5 11.5 17 3"],
  clip: ["M15 9.5 9 15.4a3.4 3.4 0 0 1-4.8-4.8l6.6-6.4a2.3 2.3 0 0 1 3.2 3.2l-6.4 6.3a1 1 0 0 1-1.5-1.5l5.6-5.6"],
  more: ["M4.5 10h.01M10 10h.01M15.5 10h.01"],
  thread: ["M3 4h14v10H9l-4 3v-3H3zM6.5 8h7M6.5 11h4"],
  close: ["M5 5l10 10M15 5 5 15"],
  clock: ["M10 2.8a7.2 7.2 0 1 0 0 14.4 7.2 7.2 0 0 0 0-14.4zM10 6v4.2l2.8 1.8"],
  bolt: ["M11 2 4 11.5h5L8.5 18 16 8.5h-5.5z"],
  eye: ["M1.8 10S4.8 4.5 10 4.5 18.2 10 18.2 10 15.2 15.5 10 15.5 1.8 10 1.8 10zM10 7.6a2.4 2.4 0 1 0 0 4.8 2.4 2.4 0 0 0 0-4.8z"],
  terminal: ["M2.5 4h15v12h-15zM5.5 7.5 8 10l-2.5 2.5M10 12.5h4"],
  moon: ["M16.5 11.8A7 7 0 0 1 8.2 3.5a7 7 0 1 0 8.3 8.3z"],
  sun: ["M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM10 1.8v2M10 16.2v2M1.8 10h2M16.2 10h2M4.2 4.2l1.4 1.4M14.4 14.4l1.4 1.4M4.2 15.8l1.4-1.4M14.4 5.6l1.4-1.4"],
  split: ["M2.5 4h15v12h-15zM10 4v12"],
  menu: ["M3 5.5h14M3 10h14M3 14.5h14"],
  back: ["M12.5 4 6.5 10l6 6"],
  down: ["M4.5 7.5 10 13l5.5-5.5"],
  check: ["M4 10.5 8.2 15 16 5.5"],
  copy: ["M7 7h10v10H7zM4 13H3V3h10v1"],
  file: ["M5 2.5h6.5L15.5 6v11.5H5zM11 2.5V6.5h4.5"],
  download: ["M10 3v9.5M6 9l4 4 4-4M3.5 17h13"],
  compass: ["M10 2.8a7.2 7.2 0 1 0 0 14.4 7.2 7.2 0 0 0 0-14.4zM13 7l-1.8 4.2L7 13l1.8-4.2z"],
  warning: ["M10 3 18 17H2zM10 8v4M10 14.4h.01"],
  people: ["M7.5 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 17c0-3 2.5-5 5.5-5s5.5 2 5.5 5M13 4.3a3 3 0 0 1 0 5.4M15 12.4c1.8.8 3 2.4 3 4.6"],
};
