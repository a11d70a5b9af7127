// `@talxis/token-broker`: how a control finds the broker (contract §8), by the rules by which the broker finds its own window. It works
// where the page sits inside a foreign one, and leaves nothing behind once it has settled.

import { aborted, failure } from "../errors.js";
import { address, arrival, facadeOf, FILE, findHost, lineage } from "../host.js";

// `Xrm`, and brokers of windows that fire no event here, come when they like.
const LOOK_MS = 100;

/** The broker of this page; loaded from Dataverse where nobody has done so. */
export function waitForBroker({ timeoutMs = 10_000, signal } = {}) {
  return new Promise((resolve, reject) => {
    const ended = new AbortController();
    let loading;
    let lost;
    const end = (settle, value) => {
      clearTimeout(timer);
      clearInterval(looking);
      ended.abort();
      settle(value);
    };
    const look = () => {
      const windows = lineage(window);
      const broker = windows.reverse().map(facadeOf).find(Boolean);
      if (broker) return end(resolve, broker);
      const source = address(windows) ?? (windows.some(isDataverse) ? `/WebResources/${FILE}` : undefined);
      // Once: where it cannot be loaded, a ribbon may still bring it.
      if (loading || !source) return;
      loading = arrival(findHost(window), source, ended.signal).then(look, (detail) => (lost = detail));
    };
    const fail = (failure) => end(reject, toError(failure));
    // Of what went wrong before, only one thing says more than that nothing came.
    const late = () => fail(lost?.code === "version_conflict" ? lost : failure("timed_out", `No Token Broker in ${timeoutMs} ms.`));
    const abort = () => fail(aborted());
    const timer = setTimeout(late, timeoutMs);
    const looking = setInterval(look, LOOK_MS);
    if (signal?.aborted) return abort();
    signal?.addEventListener("abort", abort, { signal: ended.signal });
    window.addEventListener("pagehide", abort, { signal: ended.signal }); // A frame that goes takes its listeners above it along.
    for (const at of lineage(window)) at.addEventListener("talxisbroker", look, { signal: ended.signal });
    look();
  });
}

// A failure as a real Error of this realm.
function toError(failure) {
  return Object.assign(new Error(failure.message), failure, { name: failure.code === "aborted" ? "AbortError" : "TalxisBrokerError" });
}

// By its addresses: `Xrm` is not there, or not yet.
function isDataverse({ location }) {
  return /\/(webresources|uclient)\/|\/main\.aspx$/i.test(location.pathname);
}
