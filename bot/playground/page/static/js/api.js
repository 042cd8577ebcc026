/* Talking to the playground: JSON in, JSON out, and every refusal as a sentence. */

/** What went wrong, in words fit for the person at the page; `status` is 0 when nothing answered. */
class Problem extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** Look something up under /_play; a list in `params` is sent as several values of one name. */
export async function get(path, params = {}, options = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) for (const one of [value].flat()) query.append(name, one);
  return answered(fetch(`/_play/${path}?${query}`, options));
}

/** Do something under /_play. */
export async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  return answered(fetch(`/_play/${path}`, { method: "POST", headers, body: JSON.stringify(body) }));
}

/** Send a file as somebody into a channel. */
export async function upload(person, channel, file) {
  const query = new URLSearchParams({ as: person, channel, name: file.name });
  const headers = { "Content-Type": "application/octet-stream" };
  return answered(fetch(`/_play/upload?${query}`, { method: "POST", headers, body: file }));
}

async function answered(request) {
  const response = await request.catch(silent);
  const body = await response.json().catch((error) => (response.ok ? silent(error) : {}));
  if (!response.ok) throw new Problem(sentence(body.error ?? `The playground answered ${response.status}.`), response.status);
  return body;
}

/** No answer, or one that broke off; whoever gave up asking knows that by itself. */
function silent(error) {
  if (error.name === "AbortError") throw error;
  throw new Problem("The playground does not answer. Is it still running in your terminal?", 0);
}

function sentence(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
