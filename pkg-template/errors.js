// Failures are plain details ({ code, message, … }) below, and real Error objects (contract §1) in front of callers. What a
// broker in another realm or in the WebAssembly rejects with has the same members, so one function makes both into ours.

const MEMBERS = ["code", "correlationId", "retryable", "interactionRequired", "claims", "consentUrl", "aadsts", "retryAfterMs"];

export function failure(code, message) {
  return { code, message, retryable: /^(network|timed_out)$/.test(code), interactionRequired: false };
}

export function aborted() {
  return failure("aborted", "Aborted.");
}

export function isFailure(value) {
  return typeof value?.code === "string" && typeof value.message === "string";
}

export function toError(detail, correlationId) {
  // Anything else is a fault of ours, or of an object that the caller handed over.
  const known = isFailure(detail) ? detail : { ...failure("internal", "The broker could not complete this call."), cause: detail };
  // `cause` given this way is not enumerable.
  const error = new Error(known.message, known.cause === undefined ? undefined : { cause: known.cause });
  const name = known.code === "aborted" ? "AbortError" : "TalxisBrokerError";
  Object.defineProperty(error, "name", { __proto__: null, value: name, configurable: true, writable: true });
  // Own members only: a page can put a `consentUrl` on every object.
  for (const member of MEMBERS) if (Object.hasOwn(known, member) && known[member] !== undefined) error[member] = known[member];
  error.correlationId ??= correlationId ?? crypto.randomUUID?.(); // It never came as far as the host.
  return error;
}

// A promise of this realm that rejects with a real Error of this realm, so that `instanceof` holds for the caller. The call begins
// now: a window opens only within a click. An async function's promise is the browser's own, whatever a page made of `Promise`.
export async function settle(call, request) {
  try {
    return await call();
  } catch (detail) {
    throw toError(detail, request?.correlationId);
  }
}
