// Whether this user can read the broker's environment variables (powerapps.md §4.3, §10.8), and whether the broker could use what is there.

import { attempt } from "../attempt.js";
import { isFailure } from "../errors.js";
import { keptVariables, parseVariables, readVariables } from "../variables.js";

/* global CONFIG, PREFIX -- inserted by `cargo xtask dist` */

const OWN = `${PREFIX}_TokenBrokerConfig`;

/** As the broker found them when this page began, for the names of clients. */
export function keptConfiguration() {
  const { config, clients } = attempt(() => parseVariables(keptVariables())) ?? {};
  return { config: config ?? CONFIG, lists: clients };
}

/** Reads them for all checks: what came of it, `config` as it would be in effect, and other solutions' lists of clients. */
export async function readConfiguration(environment) {
  const facts = { variable: OWN, read: "ok", value: false, others: 0, packaged: CONFIG !== undefined };
  try {
    const found = await readVariables(environment);
    if (!found) return { facts: { ...facts, read: "not_dataverse" }, config: CONFIG };
    const { config, clients } = parseVariables(found);
    return { facts: { ...facts, value: config !== undefined, others: Object.keys(clients).length }, config: config ?? CONFIG, lists: clients };
  } catch (why) {
    return { facts: { ...facts, read: isFailure(why) ? why.code : "internal", privilege: /\bprvRead\w+/.exec(why?.message)?.[0] } };
  }
}

export const variables = {
  look({ read, broker, taken, asked }) {
    // Only the broker's judgement counts: it knows the hosts to which its package is pinned.
    const refused = broker && !taken().clientId ? asked.find(({ code }) => code === "config_invalid")?.message : undefined;
    return { ...read.facts, refused };
  },
  judge({ read, value, packaged, privilege, refused, variable, others }) {
    const say = (outcome, why, values) => ({ outcome, seen: [[why, values]], todo: outcome === "ok" ? [] : [[why, values]] });
    if (read === "config_unreadable") return say("failed", privilege ? "refused" : "over", { privilege });
    if (read === "config_invalid") return say("failed", "notJson", { variable });
    if (read !== "ok") return say("unknown", "unreachable");
    if (refused) return say("failed", "invalid", { variable, message: refused });
    if (value) return say("ok", "value", { variable, others });
    return packaged ? say("ok", "packaged", { variable }) : say("failed", "empty", { variable });
  },
};
