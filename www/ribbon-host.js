// Evaluates the enable rules of the application ribbon (ribbon.js) on the global bar and on every table's form and grid: loads their
// libraries into a script frame, then calls their functions, which it knows by name only, and shows the controls that all rules allow.
// Again and again: a rule is not told why.

import { is } from "/environment.js";
import { controlsOf } from "/ribbon.js";
import { ScriptFrame, resolve } from "/script-frame.js";
import { webResourceUrl } from "/xrm/context.js";

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
  const shown = [];
  for (const control of controlsOf(bar)) {
    let allowed = true;
    for (const rule of control.rules) {
      const { enabled, why } = await outcome(rule, frame, again);
      if (!frame.isAlive) return;
      evaluations.push({ bar, frame: frame.element.id, enabled, why });
      allowed &&= enabled;
    }
    if (allowed) shown.push(button(control, frame));
  }
  if (bar === "quickcreate") return; // Its panel shows no bar.
  document.getElementById(bar === "global" ? "global-commands" : "page-commands").replaceChildren(...shown);
}

async function outcome(rule, frame, again) {
  try {
    await frame.load(webResourceUrl(rule.library), { again });
  } catch (error) {
    return { enabled: rule.default, why: error.message };
  }
  const decide = frame.isAlive && resolve(frame.window, rule.functionName);
  if (typeof decide !== "function") return { enabled: rule.default, why: "missing" };
  const judged = (value) => Boolean(value) !== rule.inverted;
  try {
    const result = decide(...rule.parameters);
    if (typeof result?.then !== "function") return { enabled: judged(result), why: "value" };
    const late = new Promise((done) => setTimeout(done, PROMISE_MS, { enabled: false, why: "late" }));
    return await Promise.race([result.then((value) => ({ enabled: judged(value), why: "promise" })), late]);
  } catch {
    return { enabled: rule.default, why: "threw" };
  }
}

function button({ id, label, description, image, actions }, frame) {
  const element = document.createElement("button");
  element.type = "button";
  element.dataset.command = id;
  element.title = description;
  const icon = document.createElement("img");
  icon.alt = "";
  icon.src = webResourceUrl(image);
  element.append(icon, label);
  element.onclick = async () => {
    for (const action of actions) {
      await frame.load(webResourceUrl(action.library));
      await resolve(frame.window, action.functionName)(...action.parameters);
    }
  };
  return element;
}
