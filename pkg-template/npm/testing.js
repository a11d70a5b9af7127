// `@talxis/token-broker/testing`: a broker for unit tests of controls, without a browser, a network or Power Apps. The conformance suite of
// tests/npm says what it has in common with the real one.

import { aborted, failure, settle } from "../errors.js";
import { createListeners } from "../events.js";

const ACCOUNT = Object.freeze({
  username: "user@example.com",
  name: "Test User",
  tenantId: "00000000-0000-4000-8000-000000000001",
  objectId: "00000000-0000-4000-8000-000000000002",
  homeAccountId: "00000000-0000-4000-8000-000000000002.00000000-0000-4000-8000-000000000001",
  guest: false,
});
const HOUR_MS = 3_600_000;
// As `Code::interaction_required` and `Code::retryable` of broker-core say.
const INTERACTIVE = /^(account_mismatch|frame_blocked_by_csp|interaction_required|login_required|popup_blocked|popup_timeout|silent_timeout|user_cancelled)$/;
const RETRYABLE = /^(network|popup_timeout|sts_unavailable|throttled|timed_out)$/;
const LATEST = 9; // As the real one has.

export function installFakeBroker({ tokens, fail, delay = 0 } = {}) {
  const host = globalThis.window ?? globalThis;
  const before = Object.getOwnPropertyDescriptor(host, "talxisBroker");
  const events = createListeners();
  const calls = [];
  const failures = [];
  let account = null;
  const emit = (type, more) => events.emit({ type, at: Date.now(), ...more });

  const work = (name, request, answer) => settle(async () => {
    const { signal, ...plain } = request ?? {};
    const correlationId = plain.correlationId ?? crypto.randomUUID();
    calls.push({ name, request: plain });
    try {
      await pause(delay, signal);
      const why = typeof fail === "function" ? fail(plain) : fail;
      if (why) throw typeof why === "string" ? failing(why) : { ...failing(why.code), ...why };
      return answer(plain, correlationId);
    } catch (detail) {
      const { client, scopes } = plain;
      emit("error", { correlationId, client, code: detail.code });
      if (detail.code !== "aborted") failures.unshift({ ...detail, claims: undefined, correlationId, at: Date.now(), client, scopes });
      failures.splice(LATEST);
      throw { ...detail, correlationId };
    }
  });
  const signedIn = () => {
    if (!account) {
      account = ACCOUNT;
      emit("signedin");
    }
    return account;
  };
  const broker = Object.freeze({
    version: "0.0.0-fake",
    ready: Promise.resolve(),
    get account() {
      return account;
    },
    configure() {},
    getToken: (request) => work("getToken", request, ({ client, scopes = [] }, correlationId) => {
      if (!client) throw failure("config_invalid", "A request names its client.");
      signedIn();
      const given = typeof tokens === "function" ? tokens(request) : tokens?.[scopes.join(" ")] ?? tokens?.[client];
      emit("token", { correlationId, client });
      return {
        accessToken: given ?? "fake-token", tokenType: "Bearer", expiresOn: Date.now() + HOUR_MS, scopes: [...scopes], clientId: client,
        account, fromCache: false, correlationId,
      };
    }),
    signIn: (options) => work("signIn", options, signedIn),
    signOut: (options) => work("signOut", options, () => {
      account = null;
      emit("signedout");
    }),
    addEventListener: events.add,
    removeEventListener: events.remove,
    diagnostics: () => ({ version: "0.0.0-fake", host: true, tokenManagement: "missing", restarts: 0, failures: [...failures], signedIn: account !== null }),
  });
  Object.defineProperty(host, "talxisBroker", { value: broker, configurable: true });
  if (host.Event && host.dispatchEvent) host.dispatchEvent(new host.Event("talxisbroker"));
  return {
    broker,
    calls,
    uninstall() {
      if (before) Object.defineProperty(host, "talxisBroker", before);
      else delete host.talxisBroker;
    },
  };
}

function failing(code) {
  const told = failure(code, `The fake broker fails with ${code}.`);
  return { ...told, interactionRequired: INTERACTIVE.test(code), retryable: RETRYABLE.test(code) };
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(aborted());
    const end = () => (clearTimeout(timer), reject(aborted()));
    const timer = setTimeout(() => (signal?.removeEventListener("abort", end), resolve()), ms);
    signal?.addEventListener("abort", end, { once: true });
  });
}
