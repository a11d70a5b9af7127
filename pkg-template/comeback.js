// The way back of a sign-in that left the page (contract §5): the redirect page found the address of this page in a record, left the
// response in another, and went there. Whoever takes a response deletes both; one that nobody took in time is none.

const PREFIX = "talxis-broker:";
const RESPONSE = `${PREFIX}response:`;
const LATE_MS = 60_000;

// Whether one came back to this origin.
export function cameBack() {
  return responses().length > 0;
}

// The response for a stored departure; undefined if there is none that is fresh.
export function takeResponse({ state } = {}) {
  const id = String(state).slice(0, 32);
  const response = attempt(() => JSON.parse(localStorage.getItem(RESPONSE + id)));
  // The others too: they came back to a page that did not take them.
  for (const entry of [...responses(), `${PREFIX}pending:${id}`]) attempt(() => localStorage.removeItem(entry));
  return response?.v === 1 && Date.now() - response.at < LATE_MS ? response.payload : undefined;
}

// Only those of a page that left have a time; the others are for a page that still waits.
function responses() {
  const of = (key) => key.startsWith(RESPONSE) && attempt(() => JSON.parse(localStorage.getItem(key)).at);
  return attempt(() => Object.keys(localStorage).filter(of)) ?? [];
}

function attempt(run) {
  try {
    return run();
  } catch {
    return undefined;
  }
}
