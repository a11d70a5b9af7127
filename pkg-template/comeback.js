// The way back of a sign-in that left the page (contract §5): the redirect page found the address of this page in a record, left the
// response in another, and went there. Whoever takes a response deletes both; one that nobody took in time is none.

import { attempt, parse } from "./attempt.js";

const PREFIX = "talxis-broker:";
const LEFT = `${PREFIX}left`; // As src/web/page.js has it.
const LATE_MS = 60_000;

// The id of the sign-in for which this tab left the page, if it came back.
export function cameBack() {
  const id = attempt(() => sessionStorage.getItem(LEFT));
  return id && attempt(() => localStorage.getItem(`${PREFIX}response:${id}`)) ? id : undefined;
}

// Its response; undefined if there is none that is fresh.
export function takeResponse(id) {
  const response = parse(attempt(() => localStorage.getItem(`${PREFIX}response:${id}`)));
  attempt(() => sessionStorage.removeItem(LEFT));
  // Those of others too, if they came back to a page that did not take them.
  for (const key of attempt(() => Object.keys(localStorage)) ?? []) {
    const [, kind, of] = key.match(/^talxis-broker:(response|pending):(.*)/) ?? [];
    const at = kind && parse(attempt(() => localStorage.getItem(key)))?.at;
    // Without a time it is one for a page that still waits.
    if (of === id || (kind === "response" && at && Date.now() - at >= LATE_MS)) attempt(() => localStorage.removeItem(key));
  }
  const { v, at, payload } = response ?? {};
  return v === 1 && Date.now() - at < LATE_MS && typeof payload === "string" ? payload : undefined;
}
