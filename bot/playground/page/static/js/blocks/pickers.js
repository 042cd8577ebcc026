/* Dates and times, with the browser's own pickers. A moment is asked for in the reader's time zone. */

import { h } from "../dom.js";
import { writtenDay } from "../moments.js";
import { fromLocalInput, toLocalInput } from "../text/dates.js";
import { tied, whileBusy } from "./field.js";

/** "YYYY-MM-DD". In a form the day is written out beside it, for the browser's own way to show it differs by country. */
export function renderDate(field) {
  const { initial_date: initial } = field.element;
  if (!field.inForm) return picker(field, "date", { initial });
  const written = h("span", { class: "bk-day", id: `${field.id}-day` });
  field.describedBy = [field.describedBy, written.id].filter(Boolean).join(" ");
  const control = picker(field, "date", { initial });
  const write = () => (written.textContent = writtenDay(control.value));
  control.addEventListener("input", write);
  write();
  return h("div", { class: "bk-day-box" }, control, written);
}

/** "HH:MM". */
export function renderTime(field) {
  return picker(field, "time", { initial: field.element.initial_time });
}

/** Epoch seconds. */
export function renderDateTime(field) {
  const zone = field.ctx.timeZone;
  return picker(field, "datetime-local", {
    initial: field.element.initial_date_time,
    show: (value) => toLocalInput(value, zone),
    read: (text) => fromLocalInput(text, zone),
  });
}

function picker(field, type, { initial = null, show = String, read = String }) {
  const start = field.value(initial);
  let given = start === null ? "" : show(start);
  const control = h("input", {
    ...tied(field),
    type,
    class: `bk-picker bk-${type}`,
    value: given,
    "aria-required": field.required ? "true" : null,
  });
  control.addEventListener("change", () => {
    const unfinished = type !== "time" && control.value.startsWith("0");
    if (control.value === given || unfinished) return;
    const before = given;
    given = control.value;
    whileBusy(control, async () => {
      if (await field.give(given ? read(given) : null)) return;
      given = before;
      control.value = before;
    });
  });
  return control;
}
