/* What was given in a form: typed here and not sent yet, over the state that Slack keeps of it. */

const PLAIN = ["value", "selected_user", "selected_conversation", "selected_channel", "selected_date", "selected_time", "selected_date_time"];
const LISTS = ["selected_users", "selected_conversations", "selected_channels", "files"];

/** The draft of a view: what is set goes to `values`, and is read before Slack's state; null was cleared on purpose. */
export function draftOver(values, view) {
  return {
    get: (block, action) => {
      const typed = values[block]?.[action];
      return typed === undefined ? givenValue(view.state?.values?.[block]?.[action]) : typed;
    },
    set: (block, action, value) => {
      values[block] = { ...values[block], [action]: value };
    },
  };
}

/** A string, an id, an option's value, or a list of these; undefined when nothing was given. */
function givenValue(state) {
  if (!state) return undefined;
  for (const key of PLAIN) if (key in state) return state[key] ?? undefined;
  if ("selected_option" in state) return state.selected_option?.value;
  if ("selected_options" in state) return state.selected_options.map((option) => option.value);
  for (const key of LISTS) if (key in state) return state[key];
  return state.rich_text_value;
}
