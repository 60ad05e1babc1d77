// Speaks to the server: JSON requests, and the stream of what happens in the chat.

export const person = Math.max(1, Number.parseInt(new URLSearchParams(location.search).get("person"), 10) || 1);

const RECONNECT_MILLISECONDS = 1500;

/** The answer's JSON. Throws an Error with a sentence for the person when the server refuses or is not there. */
async function request(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("The bot's computer does not answer. Is contentsync running?");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.description || `The server answered ${response.status}.`);
  return answer;
}

export function get(endpoint, params = {}) {
  return request(`/localchat/${endpoint}?${new URLSearchParams({ chat_id: person, ...params })}`);
}

export function post(endpoint, body) {
  return request(`/localchat/${endpoint}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ from_id: person, ...body }),
  });
}

export function upload(file) {
  const form = new FormData();
  form.append("from_id", person);
  form.append("file", file);
  return request("/localchat/documents", { method: "POST", body: form });
}

export function fileUrl(fileId) {
  return `/localchat/files/${encodeURIComponent(fileId)}`;
}

/** Calls handlers[kind](data) for each event, and handlers.lost() when the connection breaks. Connects again by itself. */
export function listen(handlers) {
  const source = new EventSource(`/localchat/events?chat_id=${person}`);
  for (const [kind, handle] of Object.entries(handlers)) {
    if (kind !== "lost") source.addEventListener(kind, (event) => handle(JSON.parse(event.data)));
  }
  source.onerror = () => {
    handlers.lost();
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(handlers), RECONNECT_MILLISECONDS);
  };
}
