// *Run checks*: one after the other what the open beliefs about Power Apps and Entra come to in this very environment. Each check looks
// (effects, facts without secrets) and judges (pure): { outcome: "ok" | "failed" | "unknown", seen, todo }, both of texts by key.

import { readConfiguration, variables } from "./configuration.js";
import { askForAll, client } from "./consent.js";
import { watchPolicies, within } from "./context.js";
import { redirect } from "./entra.js";
import { host, ribbon, tenant } from "./page.js";
import { coop, csp } from "./policy.js";
import { sts } from "./sts.js";

// A broker without a configuration says so after five seconds.
const CONFIGURED_MS = 6_000;

/** The results in the order in which they are shown; `told(n, of)` hears how far it is. */
export async function runChecks(context, told) {
  const watching = new AbortController();
  const results = [];
  const of = 8;
  const check = async (id, { look, judge }) => {
    try {
      const facts = await look(context);
      results.push({ id, ...judge(facts), facts });
    } catch ({ name }) {
      // Whatever this page did to its windows, the others are worth knowing.
      results.push({ id, outcome: "unknown", seen: [["broke"]], todo: [["other"]], facts: { broke: String(name) } });
    }
    told(results.length, of);
  };
  context.violations.length = 0;
  watchPolicies(context, watching.signal);
  try {
    await check("ribbon", ribbon);
    await check("host", host);
    context.read = await readConfiguration(context.environment());
    await within(CONFIGURED_MS, Promise.resolve(context.broker?.ready).catch(() => {}));
    context.asked = await askForAll(context);
    await check("tenant", tenant);
    await check("variables", variables);
    await check("redirect", redirect);
    await check("sts", sts);
    // After all that a policy could have refused.
    await check("csp", csp);
    await check("coop", coop);
  } finally {
    watching.abort();
  }
  for (const facts of context.asked.filter(({ alias }) => alias)) results.push({ id: `client:${facts.alias}`, ...client.judge(facts), facts });
  return results;
}

/** The one that changes when its window was tried. */
export async function checkWindow(context, outcome) {
  context.opened = outcome;
  const facts = await coop.look(context);
  return { id: "coop", ...coop.judge(facts), facts };
}
