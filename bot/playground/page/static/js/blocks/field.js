/* One element a person can use: its name, its value, and what happens when they give it one.

   A value is what a person gave: text inputs, dates and times a string; datetimepicker epoch seconds; one choice the
   option's value, several a list of these. An option of an external select stands for itself, as the whole object,
   because only the bot knows its text; rich_text_input gives a rich_text object, file_input a list of files.
   In an `input` block a value goes to ctx.draft, and to ctx.act when the block dispatches; elsewhere to both at once. */

import { plainText } from "../text/index.js";

let counter = 0;

/** An id that nothing else on the page has. */
export function freshId(kind = "bk") {
  counter += 1;
  return `${kind}-${counter}`;
}

/** What the parts of an element share; `place` may say its label, and what describes it. */
export function makeField(block, element, ctx, place = {}) {
  const field = {
    block,
    element,
    ctx,
    id: place.id ?? freshId(),
    inForm: block.type === "input",
    labelId: place.labelId ?? null,
    name: place.labelId ? null : nameOf(block, element, ctx),
    describedBy: place.describedBy ?? null,
    invalid: place.invalid ?? false,
    required: block.type === "input" && !block.optional,
    optional: block.type === "input" && block.optional === true,
  };
  field.value = (initial = null) => ctx.draft?.get(block.block_id, element.action_id) ?? cleared(field, initial);
  field.keep = (value) => ctx.draft?.set(block.block_id, element.action_id, value);
  field.give = (value) => give(field, value);
  return field;
}

/** The attributes that tie a control to its label, hint and error. */
export function tied(field) {
  return {
    id: field.id,
    name: `${field.block.block_id ?? ""}/${field.element.action_id ?? ""}`,
    "aria-label": field.name,
    "aria-labelledby": field.labelId,
    "aria-describedby": field.describedBy,
    "aria-invalid": field.invalid ? "true" : null,
    autofocus: field.element.focus_on_load === true,
  };
}

/** Ask first where the element wants that; false when the person thought better of it. */
export async function confirmed(element, ctx) {
  return !element.confirm || (await ctx.confirm(element.confirm));
}

const busy = new WeakMap();

/** Whether something given here is still on its way. */
export function isBusy(node) {
  return (busy.get(node) ?? 0) > 0;
}

/** Show that the bot is at it, until all that was given here is done. */
export async function whileBusy(node, work) {
  busy.set(node, (busy.get(node) ?? 0) + 1);
  node.setAttribute("aria-busy", "true");
  try {
    await work();
  } finally {
    busy.set(node, busy.get(node) - 1);
    if (!isBusy(node)) node.removeAttribute("aria-busy");
  }
}

/** null was given on purpose: it must not bring the initial value back. */
function cleared(field, initial) {
  return field.ctx.draft?.get(field.block.block_id, field.element.action_id) === null ? null : initial;
}

/** Take a value: false when the person did not confirm it. */
async function give(field, value) {
  const { block, element, ctx } = field;
  if (field.inForm && !block.dispatch_action) {
    field.keep(value);
    return true;
  }
  if (!(await confirmed(element, ctx))) return false;
  field.keep(value);
  await ctx.act(block, element, value);
  return true;
}

function nameOf(block, element, ctx) {
  const own = element.accessibility_label || element.placeholder?.text;
  const around = block.text?.text ? plainText(block.text.text, ctx) : "";
  const name = own || around || FRIENDLY[element.type] || "Pick an answer";
  return name.length > 90 ? `${name.slice(0, 89)}…` : name;
}

const FRIENDLY = {
  datepicker: "Pick a date",
  timepicker: "Pick a time",
  datetimepicker: "Pick a date and time",
  overflow: "More options",
};
