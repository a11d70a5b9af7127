// Which configuration holds (contract §1): the environment variable's, else the packaged default, else what `configure()` gave. It is
// settled once for a page; a variable that changes takes effect on the next page load. What is in it the core judges.

import { failure } from "./errors.js";
import { environment, offline } from "./identity.js";
import { keepVariables, keptVariables, parseVariables, readVariables } from "./variables.js";

/* global CONFIG -- inserted by `cargo xtask dist` */

const CONFIGURED_MS = 5_000;
// A page that began with kept variables looks at them again when its own work is long done.
const REVALIDATED_MS = 10_000;

// `check(config)` throws what is wrong with one.
export function createConfiguration(check, emit) {
  let settled; // { config, clients }
  let given; // By `configure()`, as long as it is not known whether a variable comes first.
  let fault; // Does not pass: an administrator has to do something.
  let reading;
  let here; // Whether this page is Power Apps'.
  const waiting = new Set();

  function settle(config, clients = {}) {
    settled = { config, clients };
    for (const done of waiting) done();
    waiting.clear();
    if (config === given) emit({ type: "configchanged", at: Date.now() });
    else if (given) emit({ type: "error", at: Date.now(), code: "config_invalid" }); // Too late to throw it.
  }

  async function read() {
    let variables = keptVariables();
    if (variables) {
      setTimeout(revalidate, REVALIDATED_MS);
    } else {
      if (offline()) throw failure("network", "This computer is offline, and the configuration is not known yet: try again.");
      variables = await readVariables(environment());
      if (variables) keepVariables(variables);
    }
    here = Boolean(variables);
    const { config = CONFIG ?? given, clients } = parseVariables(variables ?? {});
    if (config !== undefined) settle(config, clients);
  }

  async function revalidate() {
    if (offline()) return;
    const variables = await readVariables(environment()).catch(() => undefined);
    if (variables && keepVariables(variables)) emit({ type: "configchanged", at: Date.now() });
  }

  function start() {
    reading ??= read().catch((why) => {
      if (why.code === "config_invalid" || why.code === "config_unreadable") fault = why;
      else reading = undefined; // The next call tries again.
      throw why;
    });
    return reading;
  }

  // Nowhere a configuration: a script may still give one.
  function configured() {
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        waiting.delete(done);
        reject(failure("not_configured", "The broker has no configuration: set its environment variable, or call configure()."));
      }, CONFIGURED_MS);
      waiting.add(done);
    });
  }

  return {
    settled: () => settled,
    // By alias, as configured; the configuration's own names come first, and `default` is only its own.
    clients: () => ({ ...Object.assign({}, ...Object.values(settled.clients)), default: undefined, ...settled.config?.clients }),
    // Undefined as long as nobody can tell.
    here: () => here,
    async known() {
      if (!settled) await start();
      if (!settled) await configured();
    },
    configure(config) {
      if (settled || fault || given) throw failure("config_invalid", "The broker is configured already: configure() works once.");
      check(config);
      given = config;
      if (here !== undefined) settle(config);
      else start().catch(() => {}); // Each call says it.
    },
  };
}
