// What a target is, as in `src/lib.rs`: the judgement is the product's, the rules are written from the contract, and each target must notice each
// check that is removed, which is an input that was mended to pass it. `FUZZ_RUNS` says how many inputs each target gets.

import assert from "node:assert";
import test from "node:test";
import fc from "fast-check";

const RUNS = Number(process.env.FUZZ_RUNS ?? 3_000);
const SEED = Number(process.env.FUZZ_SEED ?? 1);

// `rule` throws where a judgement is wrong.
export function target(name, inputs, judge, rule, plants) {
  const check = (mend) => fc.check(
    fc.asyncProperty(inputs, async (input) => rule(input, await judge(mend(structuredClone(input))))),
    { numRuns: RUNS, seed: SEED },
  );
  test(`${name} keeps its rules`, async () => {
    const checked = await check((input) => input);
    assert.ok(!checked.failed, fc.defaultReportMessage(checked));
  });
  for (const [missing, mend] of Object.entries(plants)) {
    test(`${name} notices when nobody checks ${missing}`, async () => {
      assert.ok((await check(mend)).failed);
    });
  }
}

export const oneOf = (...values) => fc.constantFrom(...values);
export const odd = fc.oneof(fc.jsonValue(), fc.string(), fc.constantFrom(null, 0, 1, "1", true, undefined));
export const mostly = (honest, other = odd) => fc.oneof({ weight: 4, arbitrary: fc.constant(honest) }, { weight: 1, arbitrary: other });
export const json = (value) => JSON.stringify(value) ?? "";
