/* Which module draws which element. */

import { renderButton, renderOverflow } from "./button.js";
import { renderCheckboxes, renderRadioButtons } from "./choices.js";
import { makeField } from "./field.js";
import { imageElement } from "./image.js";
import { renderDate, renderDateTime, renderTime } from "./pickers.js";
import { renderSelect } from "./select.js";
import { renderFileInput, renderTyped } from "./typed.js";
import { unknownBlock } from "./unknown.js";

const RENDERERS = {
  button: renderButton,
  overflow: renderOverflow,
  checkboxes: renderCheckboxes,
  radio_buttons: renderRadioButtons,
  datepicker: renderDate,
  timepicker: renderTime,
  datetimepicker: renderDateTime,
  plain_text_input: renderTyped,
  email_text_input: renderTyped,
  url_text_input: renderTyped,
  number_input: renderTyped,
  rich_text_input: renderTyped,
  file_input: renderFileInput,
};
for (const source of ["static", "external", "users", "conversations", "channels"]) {
  RENDERERS[`${source}_select`] = renderSelect;
  RENDERERS[`multi_${source}_select`] = renderSelect;
}

/** One element of a block; `place` ties it to the label and texts around it. */
export function renderElement(element, block, ctx, place) {
  if (element.type === "image") return imageElement(element, ctx, "bk-thumb");
  if (!Object.hasOwn(RENDERERS, element.type)) return unknownBlock(element);
  return RENDERERS[element.type](makeField(block, element, ctx, place));
}
