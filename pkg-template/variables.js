// The environment variables of Dataverse that configure the broker (contract §1; powerapps.md §4.3): one Web API query for the broker's
// own variable and for those with which other solutions name their control clients. Kept in the tab, so that a later page load asks
// nothing before it has its token. This file reads and keeps text; the core judges what is in it.

import { attempt, parse } from "./attempt.js";
import { ask } from "./dataverse.js";
import { failure } from "./errors.js";

/* global PREFIX -- inserted by `cargo xtask dist` */

const OWN = `${PREFIX}_TokenBrokerConfig`;
const QUERY =
  `environmentvariabledefinitions?$select=schemaname,defaultvalue&$filter=schemaname eq '${OWN}' or endswith(schemaname,'_TokenBrokerClients')` +
  "&$expand=environmentvariabledefinition_environmentvariablevalue($select=value)";
const KEPT = "talxis-broker:variables";

// Reads the variables: their texts by name, and undefined on a page that is not Dataverse's.
export async function readVariables(environment) {
  const { status, body } = await ask(environment, QUERY);
  const strange = status === 0 || (status === 200 && !Array.isArray(body?.value));
  if (status === 404 || (strange && !("Xrm" in window))) return undefined;
  if (status !== 200 || strange) throw refusal(status, String(body?.error?.message));
  const variables = {};
  for (const { schemaname, defaultvalue, environmentvariabledefinition_environmentvariablevalue: values } of body.value) {
    const text = values?.[0]?.value ?? defaultvalue;
    if (text) variables[schemaname] = String(text); // Shipped without a value, it says nothing.
  }
  return variables;
}

// What they say: { config, clients }. `config` is undefined where the broker's own variable says nothing; `clients` are the aliases of
// other solutions by variable, null where one is not JSON: it concerns only those who use its aliases.
export function parseVariables(variables) {
  const parsed = { config: undefined, clients: {} };
  for (const [name, text] of Object.entries(variables).sort()) { // In whatever order Dataverse lists them.
    const own = name.toLowerCase() === OWN.toLowerCase();
    const value = parse(text);
    if (!own) parsed.clients[name] = value ?? null;
    else if (value !== undefined) parsed.config = value;
    else throw failure("config_invalid", `The environment variable ${OWN} is not JSON: an administrator corrects its value.`);
  }
  return parsed;
}

// As kept in this tab; undefined if they are not.
export function keptVariables() {
  const kept = parse(attempt(() => sessionStorage.getItem(KEPT)));
  const good = kept?.v === 1 && kept.variables && Object.values(kept.variables).every((text) => typeof text === "string");
  return good ? kept.variables : undefined;
}

// Keeps them, and says whether that changed anything. Where nothing can be kept, every page load asks.
export function keepVariables(variables) {
  const text = JSON.stringify({ v: 1, variables });
  const changed = attempt(() => sessionStorage.getItem(KEPT)) !== text;
  attempt(() => sessionStorage.setItem(KEPT, text));
  return changed;
}

function refusal(status, message) {
  if (status === 401) return failure("config_unreadable", "The session of Power Apps is over: reload the page.");
  if (status === 403) {
    const privilege = /\bprvRead\w+/.exec(message)?.[0] ?? "prvReadEnvironmentVariableDefinition";
    return failure("config_unreadable", `The broker's environment variables cannot be read: a security role of this user needs the privilege ${privilege}.`);
  }
  return { ...failure("network", `Dataverse answered ${status} when asked for the broker's configuration: try again.`), ...(status === 429 && { code: "throttled" }) };
}
