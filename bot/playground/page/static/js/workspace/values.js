/* From the state that Slack keeps of a form to what a person gave: the short form that the playground takes. */

const PLAIN = ["value", "selected_user", "selected_conversation", "selected_channel", "selected_date", "selected_time", "selected_date_time"];
const LISTS = ["selected_users", "selected_conversations", "selected_channels", "files"];

/** A string, an id, an option's value, or a list of these; undefined when nothing was given. */
export function givenValue(state) {
  if (!state) return undefined;
  for (const key of PLAIN) if (key in state) return state[key] ?? undefined;
  if ("selected_option" in state) return state.selected_option?.value;
  if ("selected_options" in state) return state.selected_options.map((option) => option.value);
  for (const key of LISTS) if (key in state) return state[key];
  return state.rich_text_value;
}
