// What the panel says about tokens and failures: never a token, only for whom, for what, and until when; and what to do about a failure.

import { element, link, sign } from "./elements.js";

/** Which clients got tokens. */
export function tokenList(tokens, names, texts, time) {
  if (!tokens.length) return element("p", { className: "hint" }, texts.noTokens);
  const clients = groups(tokens);
  return element("ul", { className: "list" }, ...[...clients].map(([client, all]) => element("li", {},
    element("h3", {}, names.get(client) ?? client),
    ...all.map(({ scopes, expiresOn }) => element("p", { className: "quiet" }, `${apis(scopes) || texts.ownToken}, ${texts.until.replace("{0}", () => time(expiresOn))}`)))));
}

/** The last calls that failed, equal ones once, the latest first. */
export function problemList(failures, names, texts, time) {
  const seen = new Map();
  for (const failure of failures) {
    const key = [failure.code, failure.client, failure.scopes].join(" ");
    const before = seen.get(key);
    seen.set(key, before ? { ...before, times: before.times + 1 } : { ...failure, times: 1 });
  }
  if (!seen.size) return element("p", { className: "hint" }, texts.noProblems);
  return element("ul", { className: "list" }, ...[...seen.values()].map((failure) => problem(failure, names, texts, time)));
}

function problem({ code, message, client, scopes, at, times, consentUrl, aadsts, correlationId }, names, texts, time) {
  const more = [time(at), times > 1 && `${times}×`, aadsts && `AADSTS${aadsts}`, correlationId].filter(Boolean).join(" · ");
  return element("li", { className: "problem" }, element("div", { className: "row" }, sign("failed"), element("div", {},
    element("h3", {}, names.get(client) ?? client ?? texts.app),
    scopes?.length > 0 && element("p", { className: "quiet" }, apis(scopes.join(" "))),
    message && element("p", {}, message),
    ...remedy(code, consentUrl, texts),
    element("p", { className: "quiet" }, element("code", {}, code), ` · ${more}`))));
}

/** What to do about a code: a sentence, and the administrator's link where there is one. */
export function remedy(code, consentUrl, texts) {
  const consent = consentUrl && link(consentUrl, texts.consent);
  return [
    element("p", {}, element("span", { className: "todo" }, `${texts.todo} `), texts.remedies[code] ?? texts.remedies.other),
    consent && element("p", {}, consent),
  ];
}

// Scopes by their API: "graph.microsoft.com: User.Read, Files.Read".
function apis(scopes) {
  const all = new Map();
  for (const scope of scopes.split(" ").filter(Boolean)) {
    const [, api = "", name] = /^(?:(.*)\/)?(.*)$/.exec(scope);
    all.set(api, [...(all.get(api) ?? []), name]);
  }
  return [...all].map(([api, names]) => [api.replace(/^https:\/\//, ""), names.join(", ")].filter(Boolean).join(": ")).join("; ");
}

function groups(tokens) {
  const all = new Map();
  for (const token of tokens) all.set(token.client, [...(all.get(token.client) ?? []), token]);
  return all;
}
