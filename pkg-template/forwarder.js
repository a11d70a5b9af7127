// The broker of a frame: it runs nothing itself, and passes every call on to the host's. What it leaves with the host is of the host's
// own realm and ends with this frame, so that a destroyed frame leaves nothing behind.

import { aborted, failure } from "./errors.js";
import { arrival, facadeOf, findHost, portOf } from "./host.js";

const TYPES = ["signedin", "signedout", "token", "interaction", "error", "configchanged"];

export function createForwarder(source, version, emit) {
  let leaving = new AbortController();
  let arriving; // At most one, however often a rule is evaluated.
  let subscribed;
  window.addEventListener("pagehide", () => leaving.abort());
  window.addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    leaving = new AbortController(); // Back from the browser's cache of pages.
    subscribed = undefined;
    join();
  });

  // Finds the host anew each time: `Xrm` may have come since, or a broker.
  const present = () => facadeOf(findHost(window));
  const arrive = (signal) => arrival(findHost(window), source, signal, leaving.signal);

  // An app that does not want the broker has it only when somebody calls it.
  function join(loads = true) {
    const broker = present();
    if (broker) return meet(broker);
    if (!loads) return undefined;
    arriving ??= arrive().then(meet).catch(() => {}).finally(() => (arriving = undefined)); // Each call says it.
  }

  function meet(broker) {
    portOf(findHost(window))?.join();
    if (broker === subscribed || !fits(broker)) return;
    subscribed = broker;
    for (const type of TYPES) broker.addEventListener(type, emit, { signal: leaving.signal });
  }

  // Which of the host's brokers this frame can talk to: the caret rule of semver.
  function fits(broker) {
    const line = (text) => /^(0\.\d+|\d+)/.exec(text)[0];
    return line(broker.version) === line(version);
  }

  function fitting(broker) {
    if (fits(broker)) return broker;
    throw failure("version_conflict",
      `This frame has version ${version} of the broker, the app's window ${broker.version}. Publish one version and reload the page.`);
  }

  const port = async () => {
    fitting(present() ?? await arrive());
    return portOf(findHost(window));
  };

  return {
    isHost: false,
    join,
    ready: async () => fitting(present() ?? await arrive()).ready,
    account() {
      const broker = present();
      return broker && fits(broker) ? broker.account : null;
    },
    configure(config) {
      const broker = present();
      if (broker) return fitting(broker).configure(config);
      // Not there yet: it cannot be waited for here, so a refusal shows in the console.
      arrive().then((broker) => fitting(broker).configure(config));
    },
    async call(method, request) {
      const ended = new AbortController();
      const signals = [request?.signal, leaving.signal];
      if (signals.some((signal) => signal?.aborted)) throw aborted();
      // At once where it can be: a click in this frame lets the host open a window only for a moment.
      const broker = fitting(present() ?? await arrive(request?.signal));
      const host = findHost(window);
      // The host keeps these until the call ends, and must not keep this frame.
      const input = host.JSON.parse(JSON.stringify(request ?? {}));
      const abort = new host.AbortController();
      input.signal = abort.signal;
      // With a reason of its own: the browser's would be an error, whose stack holds this frame.
      try {
        for (const signal of signals) signal?.addEventListener("abort", () => abort.abort("aborted"), { signal: ended.signal });
        return await broker[method](input);
      } finally {
        ended.abort();
      }
    },
    clients: {
      handOut: (result) => result, // The host did.
      // Texts have no realm.
      ofScopes: async (scopes) => (await port()).clients.ofScopes(String(scopes)),
      ofToken: async (token) => (await port()).clients.ofToken(String(token)),
    },
    diagnostics() {
      const broker = present();
      return broker ? { ...broker.diagnostics(), hostVersion: broker.version } : { restarts: 0 };
    },
  };
}
