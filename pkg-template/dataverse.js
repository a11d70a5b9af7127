// One question to Dataverse's Web API, as the user of the page. What it says is judged where it was asked.

import { parse } from "./attempt.js";
import { failure } from "./errors.js";

// Every call waits for this.
const LATE_MS = 10_000;

// { status, body }, the body undefined if it is not JSON.
export async function ask(environment, query) {
  let response;
  let text;
  try {
    // Without prototypes: a page can put members on every object.
    response = await fetch(`${environment}/api/data/v9.2/${query}`, {
      __proto__: null,
      headers: { __proto__: null, accept: "application/json" },
      credentials: "same-origin",
      redirect: "manual", // A sign-in page is no answer; its status is 0.
      signal: AbortSignal.timeout?.(LATE_MS),
    });
    text = await response.text(); // One that is cut off is no answer either.
  } catch {
    throw failure("network", "Dataverse cannot be reached: try again.");
  }
  return { status: response.status, body: parse(text) };
}
