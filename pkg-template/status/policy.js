// The content security policy (powerapps.md §3.3, §10.3) and the opener policy (§10.4): what the pages are served with, and what the host's
// policy lets happen, which says more than its text.

import { attempt } from "../attempt.js";
import { within } from "./context.js";

const CSP = "content-security-policy";
const COOP = "cross-origin-opener-policy";
// The shortest module: whether any may be compiled.
const MODULE = [0, 97, 115, 109, 1, 0, 0, 0];
const LOOK_MS = 50;
const SETTLED = 12; // Looks.
const WINDOW_MS = 10_000;

export const csp = {
  async look(context) {
    const { host, taken, read: { config }, violations } = context;
    const frame = attempt(() => host.document.querySelector("iframe[id^=ClientApiFrame_]").contentWindow.location);
    const [app, panel, script] = await Promise.all([host.location, location, frame].map((at) => headersOf(at)));
    // Hosts of a refused configuration are only named here, not asked.
    const { authority = config?.authority ?? "https://login.microsoftonline.com", sts = config?.sts } = taken();
    const [entra, exchange] = [authority, sts].map((address) => attempt(() => new URL(address).origin));
    const needed = [["script-src", "'wasm-unsafe-eval'"], ["connect-src", entra], ["connect-src", exchange], ["frame-src", entra]];
    const wasm = Boolean(attempt(() => new host.WebAssembly.Module(new host.Uint8Array(MODULE))));
    const refused = ([directive, source]) => violations.some((violation) => violation.directive === directive && violation.origin === source);
    // Where the broker could not start, nobody was asked: then the policy's text has to do.
    const lacks = ([directive, source]) => refused([directive, source]) || (!wasm && !allows(app?.[CSP], directive, source));
    return {
      app: app?.[CSP] ?? null, panel: panel?.[CSP] ?? null, scriptFrame: script?.[CSP] ?? null,
      reportOnly: app?.[`${CSP}-report-only`] ?? null,
      wasm,
      missing: needed.filter(([, source]) => source).filter(lacks).map((each) => each.join(" ")),
    };
  },
  judge({ app, panel, wasm, missing }) {
    if (!wasm || missing.length) {
      const sources = missing.length ? missing : ["script-src 'wasm-unsafe-eval'"];
      return { outcome: "failed", seen: [[wasm ? "blocks" : "blocksAll"]], todo: [["add"], ...sources.map((code) => ["code", { code }])] };
    }
    return { outcome: "ok", seen: [[app || panel ? "fits" : "none"]], todo: [] };
  },
};

/** Whether a policy's text lets this source pass. */
export function allows(policy, directive, source) {
  if (!policy) return true;
  const directives = new Map(policy.split(";").map((text) => text.trim().split(/\s+/)).map(([name, ...sources]) => [name, sources]));
  const sources = directives.get(directive) ?? directives.get("default-src");
  // `*` means addresses, not what a keyword allows.
  return !sources || sources.includes(source) || sources.some((word) => (source.startsWith("'") ? word === "'unsafe-eval'" : word === "*"));
}

export const coop = {
  async look({ host, redirectUri, opened }) {
    const [app, redirect] = await Promise.all([headersOf(host.location), headersOf(redirectUri())]);
    return { app: app?.[COOP] ?? null, redirect: redirect?.[COOP] ?? null, window: opened ?? "not_tried" };
  },
  judge({ redirect, window }) {
    if (redirect && !/^unsafe-none/.test(redirect)) return { outcome: "failed", seen: [["redirect"]], todo: [["redirect"]] };
    if (window === "blocked") return { outcome: "failed", seen: [["blocked"]], todo: [["blocked"]] };
    return { outcome: window === "late" ? "unknown" : "ok", seen: [[window]], todo: [] };
  },
};

/** Opens Entra's page for a moment, within a click: whether the window that opened it still knows it. */
export async function tryWindow(address) {
  const opened = attempt(() => window.open(address, "_blank", "popup,width=483,height=600"));
  if (!opened) return "blocked";
  let looking;
  let foreign = 0;
  const seen = new Promise((resolve) => {
    looking = setInterval(() => {
      if (opened.closed) resolve("separated"); // So it looks when the browser has taken them apart.
      // Foreign, and still ours to close: for so long, because it is foreign for a moment before it is taken apart, too.
      else if (!attempt(() => opened.document) && ++foreign === SETTLED) resolve("kept");
    }, LOOK_MS);
  });
  const outcome = (await within(WINDOW_MS, seen)) ?? "late";
  clearInterval(looking);
  opened.close();
  return outcome;
}

// The headers of a page of this origin that matter here, without its content.
async function headersOf(address) {
  const url = attempt(() => new URL(address, location.href));
  if (!url || url.origin !== location.origin) return undefined;
  url.hash = "";
  const ended = new AbortController();
  try {
    const { headers } = await fetch(url, { credentials: "same-origin", cache: "no-store", signal: ended.signal });
    return Object.fromEntries([CSP, `${CSP}-report-only`, COOP].map((name) => [name, headers.get(name)]));
  } catch {
    return undefined;
  } finally {
    ended.abort();
  }
}
