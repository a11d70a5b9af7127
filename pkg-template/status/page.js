// Checks of the page itself (powerapps.md §1.3, §2, §5, §10): which ribbon rules ran, in which window the broker is, and when Power Apps told
// the tenant.

import { attempt } from "../attempt.js";
import { facadeOf, xrmOf } from "../host.js";

const TENANTS = ["organizationTenant", "tenantId"];

export const ribbon = {
  look({ windows: [top], notes }) {
    const paint = top.performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
    const ran = {};
    for (const { ms, rule, frame } of notes()) {
      if (rule === "broker") continue;
      const entry = (ran[`${rule} ${frame}`] ??= { rule: rule === "false" ? "bars" : "button", frame, times: 0, firstMs: ms });
      Object.assign(entry, { times: entry.times + 1, lastMs: ms });
    }
    return { firstPaintMs: paint && Math.round(paint), ran: Object.values(ran) };
  },
  judge({ ran }) {
    if (!ran.length) return { outcome: "failed", seen: [["none"]], todo: [["none"]] };
    return { outcome: "ok", seen: ran.map(({ rule, frame, times, firstMs }) => [rule, { frame, times, seconds: firstMs / 1000 }]), todo: [] };
  },
};

export const host = {
  look({ windows, host, broker }) {
    const frames = [...host.document.querySelectorAll("iframe[id^=ClientApiFrame_]")];
    return {
      depth: windows.indexOf(host),
      windows: windows.length,
      topReadable: windows[0].parent === windows[0],
      xrm: Boolean(xrmOf(host)),
      broker: attempt(() => facadeOf(host).diagnostics().host) === true,
      tokenManagement: attempt(() => facadeOf(host).diagnostics().tokenManagement) ?? (broker ? "unknown" : "missing"),
      scriptFrames: frames.map((frame) => ({
        id: frame.id,
        page: attempt(() => frame.contentWindow.location.pathname) ?? null,
        sandbox: frame.getAttribute("sandbox"),
        belowHost: attempt(() => frame.contentWindow.parent === host) === true,
      })),
    };
  },
  judge({ broker, xrm, tokenManagement, depth, topReadable }) {
    const failed = (why) => ({ outcome: "failed", seen: [[why]], todo: [[why]] });
    if (!broker) return failed("missing");
    if (!xrm) return failed("noXrm");
    if (tokenManagement === "foreign") return failed("foreign");
    return { outcome: "ok", seen: [[topReadable ? (depth ? "below" : "top") : "framed"]], todo: [] };
  },
};

export const tenant = {
  look({ windows, host, global, notes, taken }) {
    const seen = notes();
    const told = (name) => Boolean(global((context) => context.organizationSettings[name]));
    return {
      first: seen[0] && { ms: seen[0].ms, told: seen[0].tenant },
      toldMs: seen.find((note) => note.tenant)?.ms,
      now: TENANTS.find(told) ?? null,
      preload: {
        host: Boolean(attempt(() => host.__preload)),
        frames: below(windows[0]).filter((at) => at !== host && attempt(() => at.__preload)).length,
      },
      broker: Boolean(taken().tenant),
    };
  },
  judge({ first, toldMs, now, broker }) {
    const ok = (why, values) => ({ outcome: "ok", seen: [[why, values]], todo: [] });
    if (first?.told) return ok("atOnce", { name: now ?? TENANTS[0], seconds: first.ms / 1000 });
    if (now) return toldMs === undefined ? ok("later", { name: now }) : ok("laterBy", { name: now, seconds: (toldMs - first.ms) / 1000 });
    if (broker) return ok("elsewhere");
    return { outcome: "failed", seen: [["nowhere"]], todo: [["nowhere"]] };
  },
};

// A window and the frames in it, as far as they are of this origin. Never as far as `length` says: it may be anybody's variable.
function below(top) {
  const all = [];
  for (let at = 0; all.length < 99 && top[at]; at++) {
    if (attempt(() => top[at].document)) all.push(...below(top[at]));
  }
  return [top, ...all];
}
