// Evaluates the enable rule that the application ribbon puts on the global bar and on every table's form and grid: loads its library
// into a script frame, then calls its function, which it knows by name only. Again and again: a rule is not told why.

import { is } from "/environment.js";
import { ScriptFrame, resolve } from "/script-frame.js";
import { webResourceUrl } from "/xrm/context.js";

// powerapps.md §1.2 [V]
const RULE = { functionName: "TALXIS.Utils.TokenBroker.isEnabled", library: "talxis_tokenmanagement.js", default: true };

// powerapps.md §1.3 [V]: a promise that takes longer counts as false.
const PROMISE_MS = 10_000;

// A bar's first rule runs its library; later ones find it there.
const evaluated = new WeakSet();
let headerFrame;
let settleFirst;

/** Settles when the global bar's first rule was evaluated, or never will be. */
export const firstRule = new Promise((resolve) => (settleFirst = resolve));

/** Every evaluation of this page load, for tests: the bar, the frame, what came of it, and why. */
export const evaluations = [];

/** The global bar, after the first paint and on each navigation. */
export async function evaluateGlobalBar({ navigated = false } = {}) {
  // powerapps.md §1.3 [S] switch `global-rule`
  if (is("global-rule", "never")) return settleFirst();
  // powerapps.md §10.2 [U] switch `header-frame`
  const renew = navigated && is("header-frame", "renewed");
  if (renew || !headerFrame?.isAlive) {
    headerFrame?.destroy();
    headerFrame = new ScriptFrame("crm_header_global");
  }
  await evaluate("global", headerFrame);
  settleFirst();
}

/** The bar of a page or panel: "form", "grid", "dashboard" or "quickcreate". */
export async function evaluateBar(bar, frame) {
  const answers = { form: "entity-rules", grid: "entity-rules", dashboard: "dashboard-rule", quickcreate: "quick-create-rule" };
  // powerapps.md §1.1 [S] switch `entity-rules`
  // powerapps.md §1.1 [U] switch `dashboard-rule`
  // powerapps.md §1.3 [S] switch `quick-create-rule`
  if (is(answers[bar], "evaluated")) await evaluate(bar, frame);
}

async function evaluate(bar, frame) {
  // powerapps.md §1.3 [S/I] switch `re-evaluation`
  if (is("re-evaluation", "once") && evaluated.has(frame)) return;
  // powerapps.md §1.3 [I] switch `library`
  const again = is("library", "again") && evaluated.has(frame);
  evaluated.add(frame);
  try {
    await frame.load(webResourceUrl(RULE.library), { again });
  } catch (error) {
    return record(bar, frame, RULE.default, error.message);
  }
  if (!frame.isAlive) return;
  const { enabled, why } = await outcome(frame.window);
  record(bar, frame, enabled, why);
}

async function outcome(target) {
  const rule = resolve(target, RULE.functionName);
  if (typeof rule !== "function") return { enabled: RULE.default, why: "missing" };
  try {
    const result = rule();
    if (typeof result?.then !== "function") return { enabled: Boolean(result), why: "value" };
    const late = new Promise((done) => setTimeout(done, PROMISE_MS, { enabled: false, why: "late" }));
    return await Promise.race([result.then((value) => ({ enabled: Boolean(value), why: "promise" })), late]);
  } catch {
    return { enabled: RULE.default, why: "threw" };
  }
}

function record(bar, frame, enabled, why) {
  evaluations.push({ bar, frame: frame.element.id, enabled, why });
}
