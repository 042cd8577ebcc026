/* What came back from the gateway, in words: its own message, and what that means for who holds the key. */

/** What the model said. */
export function answerOf(reply) {
  return reply.answer?.choices?.[0]?.message?.content ?? "";
}

/** The gateway's own words of why not. */
export function messageOf(reply) {
  const said = reply.answer?.error ?? reply.answer?.detail ?? reply.error;
  if (Array.isArray(said)) return said.map((one) => one.msg ?? String(one)).join(", ");
  return said?.message ?? (typeof said === "string" ? said : "No message came with it.");
}

/** What a refusal means, in one plain sentence. */
export function meaningOf(reply) {
  const kind = String(reply.answer?.error?.type ?? "");
  const said = messageOf(reply).toLowerCase();
  if (reply.status === 0) return "The gateway cannot be reached.";
  if (kind === "budget_exceeded" || /budget|exceeded/.test(said)) return "The cap is reached: this key cannot spend any more.";
  if (kind === "expired_key") return "The key's time is over.";
  if (reply.status === 401 && said.includes("blocked")) return "The key is turned off.";
  if (reply.status === 401) return "The gateway knows no such key: it was deleted, or never made here.";
  if (kind === "key_model_access_denied") return "This key may not use this model.";
  if (reply.status === 400 && said.includes("model")) return "The gateway offers no such model.";
  if (reply.status === 429) return "The gateway asks to slow down. Try again in a moment.";
  if (reply.status >= 500) return "The gateway itself failed. Try again in a moment.";
  return "The gateway refused it.";
}
