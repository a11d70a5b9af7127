// Whether the Security Token Service answers this app (contract §4: `GET /livez`).

import { isRefused } from "./context.js";

export const sts = {
  async look(context) {
    const { fetch, taken } = context;
    const { sts: address } = taken();
    if (!address) return { asked: false };
    const url = `${address}/livez`;
    const begun = performance.now();
    // Its answers may be read by the origins of its configuration; that it is there at all can be seen without reading.
    const readable = await fetch(url).catch(() => undefined);
    const ms = Math.round(performance.now() - begun);
    const there = readable ?? (await fetch(url, { mode: "no-cors" }).catch(() => undefined));
    return {
      asked: true, address, ms, status: readable?.status ?? null, readable: Boolean(readable), reachable: Boolean(there),
      refused: !there && (await isRefused(context, "connect-src", address)), origin: context.host.location.origin,
    };
  },
  judge({ asked, status, readable, reachable, refused, ms, address, origin }) {
    const say = (outcome, why) => ({ outcome, seen: [[why, { ms, status, address }]], todo: outcome === "ok" ? [] : [[why, { address, origin }]] });
    if (!asked) return say("unknown", "notAsked");
    if (refused) return say("unknown", "policy");
    if (readable) return say(status === 200 ? "ok" : "failed", status === 200 ? "answers" : "sick");
    return say("failed", reachable ? "origin" : "unreachable");
  },
};
