// How long a call may take (contract §1), by a clock that passes when a test says so.

import assert from "node:assert";
import test from "node:test";
import { Clock, modules } from "./window.mjs";

const { calls } = await modules();
const CALL_MS = 30_000;
const PROMPT_MS = 120_000;

// Runs a test with open calls whose work never ends; `code(call)` is what became of one by now, undefined if it waits.
function timed(name, run) {
  test(name, async () => {
    const { setTimeout, clearTimeout } = globalThis;
    const clock = new Clock();
    Object.assign(globalThis, { setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout });
    try {
      const open = calls.createCalls();
      const begin = (input = {}) => open.begin(input, undefined, () => new Promise(() => {})).catch(({ code }) => code);
      const code = (call) => Promise.race([call, new Promise((resolve) => setImmediate(resolve))]);
      await run({ begin, code, pass: (ms) => clock.pass(ms), prompting: open.prompting });
    } finally {
      Object.assign(globalThis, { setTimeout, clearTimeout });
    }
  });
}

timed("a call ends after 30 s", async ({ begin, code, pass }) => {
  const call = begin();
  pass(CALL_MS - 1);
  assert.equal(await code(call), undefined);
  pass(1);
  assert.equal(await code(call), "timed_out");
});

timed("while a prompt is open a call has 120 s, also one that comes then", async ({ begin, code, pass, prompting }) => {
  const before = begin();
  pass(CALL_MS - 1);
  prompting(true);
  const during = begin();
  pass(PROMPT_MS - 1);
  assert.deepEqual([await code(before), await code(during)], [undefined, undefined]);
  pass(1);
  assert.deepEqual([await code(before), await code(during)], ["timed_out", "timed_out"]);
});

timed("when the prompt ends a call has 30 s again", async ({ begin, code, pass, prompting }) => {
  prompting(true);
  const call = begin();
  pass(PROMPT_MS - 1);
  prompting(false);
  pass(CALL_MS - 1);
  assert.equal(await code(call), undefined);
  pass(1);
  assert.equal(await code(call), "timed_out");
});

timed("a limit of the caller's own runs once, whoever is prompted", async ({ begin, code, pass, prompting }) => {
  const [short, long] = [begin({ timeoutMs: 1_000 }), begin({ timeoutMs: 200_000 })];
  pass(500);
  prompting(true);
  pass(499);
  assert.equal(await code(short), undefined);
  pass(1);
  assert.equal(await code(short), "timed_out");
  prompting(false);
  pass(198_999);
  assert.equal(await code(long), undefined);
  pass(1);
  assert.equal(await code(long), "timed_out");
});
