// What the checks share: the windows of this page, Power Apps' own object, the broker, and the configuration that it took. Everything is
// read anew, as Power Apps changes it; what throws is absent.

import { attempt } from "../attempt.js";
import { lineage, portOf, xrmOf } from "../host.js";
import { notesKey } from "../ribbon.js";
import { keptConfiguration } from "./configuration.js";

const SOON_MS = 200;
const LATE_MS = 8_000;

/* global PREFIX -- inserted by `cargo xtask dist` */

/** `broker` is undefined where none came. */
export function createContext(broker) {
  const windows = lineage(window); // The topmost first.
  const host = windows.find(portOf) ?? windows.find(xrmOf) ?? windows[0];
  const global = (read) => attempt(() => read(windows.map(xrmOf).find(Boolean).Utility.getGlobalContext()));
  const environment = () => (global((context) => context.getClientUrl()) ?? location.origin).replace(/\/+$/, "");
  const context = {
    broker,
    windows,
    host,
    global,
    environment,
    // Only what the broker itself took: a package may be pinned to hosts, and a refused configuration gets no byte anywhere.
    taken: () => attempt(() => broker.diagnostics()) ?? {},
    // What readConfiguration() found; until then what is known without asking.
    read: keptConfiguration(),
    redirectUri: () => context.read.config?.redirectUri || `${environment()}/WebResources/${PREFIX}_/tokenbroker/redirect.html`,
    notes: () => notes(windows[0]),
    // What the page's policy kept from happening while the checks ran: { directive, origin }.
    violations: [],
    heard: new Set(),
    // { alias, code, … } of each client that was asked for, and the correlation ids of these calls.
    asked: [],
    own: new Set(),
    // What became of the window that tryWindow() opened.
    opened: undefined,
    // In the host: its policy counts, and it is the one that asks when the broker does.
    fetch: (url, options) => host.fetch(url, { credentials: "omit", cache: "no-store", ...options, signal: AbortSignal.timeout(LATE_MS) }),
  };
  return context;
}

/** Listens to what policies of the page and of this one refuse, until the signal ends. */
export function watchPolicies({ host, violations, heard }, signal) {
  const hear = ({ effectiveDirective, blockedURI }) => {
    violations.push({ directive: effectiveDirective, origin: attempt(() => new URL(blockedURI).origin) ?? blockedURI });
    for (const look of heard) look();
  };
  for (const { document } of new Set([host, window])) document.addEventListener("securitypolicyviolation", hear, { signal });
}

/** Whether a policy refuses this address; said a little after the request itself has failed. */
export async function isRefused({ violations, heard }, directive, address, ms = SOON_MS) {
  const origin = attempt(() => new URL(address).origin);
  const is = () => violations.some((violation) => violation.directive === directive && violation.origin === origin);
  let look;
  const said = new Promise((resolve) => heard.add((look = () => is() && resolve())));
  look();
  await within(ms, said);
  heard.delete(look);
  return is();
}

// What the ribbon's entry wrote: one evaluation a line (ribbon.js).
function notes(top) {
  const start = top.performance.timeOrigin;
  const lines = String(top[notesKey()] ?? "").split("\n").filter(Boolean);
  return lines.map((line) => {
    const [at, rule, tenant, frame] = line.split(" ");
    return { ms: Math.round(at - start), rule, tenant: tenant === "true", frame };
  });
}

/** Settles when anything of this is there, or undefined when it is late. */
export function within(ms, ...promises) {
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, ms)));
  return Promise.race([...promises, late]).finally(() => clearTimeout(timer));
}
