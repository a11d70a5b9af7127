// The host's side of the facade: the configuration, the open calls, and the WebAssembly instance below them.
//
// An instance can die: a panic in Rust ends it in the middle of whatever it was doing, and promises that it owes would stay open
// for ever. So the calls are kept here. When an instance dies they are rejected, and the next call gets a fresh one.

import { failure, isFailure } from "./errors.js";
import { compile, make } from "./instance.js";

/* global CONFIG, PINS -- inserted by `cargo xtask dist` */

const CONFIGURED_MS = 5_000;
const CALL_MS = 30_000;
const PROMPT_MS = 120_000;
// So many faults within a minute are no accident: starting again would only repeat them.
const MAX_FAULTS = 3;

export function createEngine(emit) {
  let config = CONFIG;
  let instance;
  let prompts = 0;
  let restarts = 0;
  let faults = [];
  let lastFault;
  const calls = new Set();
  const unconfigured = new Set();

  // What an instance is given. With `ended` it closes the windows, questions and mailboxes that a dead one left open.
  const hooksOf = (ended) => ({
    emit,
    ended,
    // A person is slower than a server. Both ways the clock starts anew, for calls without a limit of their own.
    prompting(begins) {
      prompts += begins ? 1 : -1;
      for (const call of calls) call.wind();
    },
  });

  // Every use of the instance. What it throws on purpose is a detail; anything else means that it is broken.
  function use(run) {
    const life = (instance ??= {});
    try {
      if (!life.broker) begin(life);
      return run(life.broker);
    } catch (thrown) {
      const detail = isFailure(thrown) && !(thrown instanceof Error);
      if (!detail) poison(life, `an exception (${String(thrown?.name)})`);
      if (!life.broker && instance === life) instance = undefined; // It never began.
      throw detail ? thrown : failure("internal", "The broker failed and starts afresh. Please try again.");
    }
  }

  function begin(life) {
    faults = faults.filter((at) => Date.now() - at < 60_000);
    if (faults.length >= MAX_FAULTS) {
      throw failure("internal", `The broker failed ${MAX_FAULTS} times within a minute, last at ${lastFault}. Reload the page.`);
    }
    const glue = make((file, line) => poison(life, line ? `${file}:${line}` : file));
    const ended = new AbortController();
    life.kill = () => {
      glue.kill(); // Late timers and events of the dead instance do nothing from here on.
      ended.abort();
    };
    compile(glue);
    const broker = new glue.Broker(hooksOf(ended.signal), PINS);
    if (config) broker.configure(config);
    life.broker = broker;
  }

  function poison(life, place) {
    if (instance !== life) return;
    instance = undefined;
    faults.push(Date.now());
    restarts += 1;
    lastFault = place;
    life.kill?.();
    prompts = 0;
    const detail = failure("internal", `The broker failed at ${place} and starts afresh. Please try again.`);
    for (const call of [...calls]) call.fail(detail);
  }

  function configured() {
    if (config) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        unconfigured.delete(done);
        reject(failure("not_configured", "The broker has no configuration: set its environment variable, or call configure()."));
      }, CONFIGURED_MS);
      unconfigured.add(done);
    });
  }

  return {
    isHost: true,
    ready: configured,
    // As configured: by alias, a GUID or { clientId, scope? }. For callers who know only a scope.
    clients: () => config.clients ?? {},
    account() {
      return instance ? use((broker) => broker.account) : null;
    },
    configure(value) {
      if (config) throw failure("config_invalid", "The broker is configured already; configure() may not replace that.");
      const copy = plain(value);
      use((broker) => broker.configure(copy));
      config = copy;
      for (const done of unconfigured) done();
      unconfigured.clear();
      emit({ type: "configchanged", at: Date.now() });
    },
    call(method, request) {
      return new Promise((resolve, reject) => {
        const signal = request?.signal;
        const input = plain(request);
        const limit = input.timeoutMs;
        const ended = new AbortController();
        input.correlationId ??= crypto.randomUUID();
        const call = {
          // Ends this call only: whoever else waits for the same token still gets it.
          end() {
            calls.delete(call);
            clearTimeout(call.timer);
            ended.abort("over"); // With a reason: the browser's own would be an error, whose stack keeps the frame of the caller.
          },
          fail(detail) {
            call.end();
            reject(isFailure(detail) ? { ...detail, correlationId: detail.correlationId ?? input.correlationId } : detail);
          },
          abort: () => call.fail(failure("aborted", "The caller aborted the call.")),
          wind() {
            if (limit > 0 && call.timer) return;
            clearTimeout(call.timer);
            const ms = limit > 0 ? Math.min(limit, 0x7fffffff) : prompts > 0 ? PROMPT_MS : CALL_MS;
            call.timer = setTimeout(() => call.fail(failure("timed_out", `The call took longer than ${ms} ms.`)), ms);
          },
        };
        if (signal?.aborted) return call.abort();
        signal?.addEventListener("abort", call.abort, { signal: ended.signal });
        calls.add(call);
        call.wind();
        configured()
          .then(() => calls.has(call) && use((broker) => broker[method](input)))
          .then((value) => {
            call.end();
            resolve(value);
          }, call.fail);
      });
    },
    diagnostics() {
      const facts = { restarts };
      if (lastFault) facts.lastFault = lastFault;
      return instance ? { ...use((broker) => broker.diagnostics()), ...facts } : facts;
    },
  };
}

// What goes into the WebAssembly is plain data: no getter of a foreign object runs there, and nobody changes it afterwards.
function plain(value) {
  return JSON.parse(JSON.stringify(value ?? {}));
}
