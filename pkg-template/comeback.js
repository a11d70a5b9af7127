// The way back of a sign-in that left the page (contract §5): the redirect page found the address of this page in a record, left the
// response in another, and went there. Whoever takes a response deletes both; one that nobody took in time is none.

const PREFIX = "talxis-broker:";
const RESPONSE = `${PREFIX}response:`;
const LATE_MS = 60_000;

// Whether one came back to this origin.
export function cameBack() {
  return Boolean(responseKey());
}

// The response for a stored departure; undefined if there is none that is fresh.
export function takeResponse({ state } = {}) {
  const key = responseKey();
  const id = String(state).slice(0, 32);
  const response = key && attempt(() => JSON.parse(localStorage.getItem(key)));
  for (const entry of [key, `${PREFIX}pending:${id}`]) attempt(() => localStorage.removeItem(entry));
  const fresh = response?.v === 1 && Date.now() - response.at < LATE_MS;
  return fresh && key === RESPONSE + id ? response.payload : undefined;
}

// Only those of a page that left have a time; the others are for a page that still waits.
function responseKey() {
  const of = (key) => key.startsWith(RESPONSE) && attempt(() => JSON.parse(localStorage.getItem(key)).at);
  return attempt(() => Object.keys(localStorage).find(of));
}

function attempt(run) {
  try {
    return run();
  } catch {
    return undefined;
  }
}
