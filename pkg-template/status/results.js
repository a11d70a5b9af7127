// The results of the checks: a list for people, and the same as JSON for whoever helps them. No secrets: no token, no name, no e-mail.

import { element, fill, link, sign } from "./elements.js";

const FIRST = ["failed", "unknown", "ok"];

/** What is to be done comes first. `again`, if it is there, is a button of the check of windows. */
export function resultList(results, texts, number, again) {
  const sorted = FIRST.flatMap((outcome) => results.filter((result) => result.outcome === outcome));
  return element("ul", { className: "list" }, ...sorted.map((result) => {
    const { title, seen, todo, code } = worded(result, texts, number);
    const consent = result.facts.consentUrl && link(result.facts.consentUrl, texts.consent);
    const item = element("li", { className: result.outcome }, element("div", { className: "row" }, sign(result.outcome), element("div", {},
      element("h3", {}, title, element("span", { className: "hidden-text" }, `: ${texts.outcomes[result.outcome]}`)),
      ...seen.map((text) => element("p", {}, text)),
      todo.length > 0 && element("p", {}, element("span", { className: "todo" }, `${texts.todo} `), todo.join(" ")),
      ...code.map((text) => element("p", {}, element("code", {}, text))),
      consent && element("p", {}, consent),
      result.id === "coop" && again)));
    item.dataset.check = result.id;
    return item;
  }));
}

/** The text of what is copied. */
export function report({ version, diagnostics, results, texts, number }) {
  const checks = results?.map((result) => {
    const { title, seen, todo, code } = worded(result, texts, number);
    return { id: result.id, title, outcome: result.outcome, seen: seen.join(" "), todo: [...todo, ...code].join(" ") || undefined, facts: result.facts };
  });
  const about = { version, at: new Date().toISOString(), environment: location.origin, browser: navigator.userAgent, language: navigator.language };
  return JSON.stringify({ ...about, checks, diagnostics }, undefined, 2);
}

function worded({ id, seen, todo }, texts, number) {
  const [kind, alias] = id.split(/:(.*)/);
  const { title, seen: said, todo: advice } = texts.check[kind];
  const common = { broke: texts.broke, other: texts.remedies.other };
  const word = (from) => ([key, values]) => (key === "remedy" ? texts.remedies[values.code] ?? common.other : filled(from?.[key] ?? common[key], values));
  const filled = (text, values = {}) => fill(text, Object.fromEntries(Object.entries(values).map(([name, value]) => [name, number(value)])));
  return {
    title: fill(title, { alias }),
    seen: seen.map(word(said)),
    todo: todo.filter(([key]) => key !== "code").map(word(advice)),
    code: todo.filter(([key]) => key === "code").map(([, values]) => values.code),
  };
}
