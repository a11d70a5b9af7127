// What anybody may hand to the broker's JavaScript: form text, messages of windows and tabs, entries of storages. What the
// redirect page is handed has a file of its own.

import assert from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { json, mostly, odd, oneOf, target } from "./target.mjs";
import { emptyStorage, lastChannel, modules, ORIGIN } from "./window.mjs";

const { page, tabs, comeback, variables, recall } = await modules();

const ID = "07070707070707070707070707070707";
const OTHER = "08080808080808080808080808080808";

target(
  "form text",
  fc.oneof(
    fc.array(fc.tuple(oneOf("state", "code", "a", "__proto__", ""), fc.string()), { maxLength: 5 })
      .map((fields) => new URLSearchParams(fields).toString()),
    fc.array(oneOf("a", "b", "=", "&", "+", "%41", "%C4%8D", "%", "%zz", "\0", "__proto__"), { maxLength: 12 }).map((parts) => parts.join("")),
    oneOf(16_384, 16_385).map((length) => "a".repeat(length)),
  ),
  (form) => page.parseForm(form),
  (form, fields) => {
    const names = Object.keys(fields);
    if (!names.length) return;
    const others = new URLSearchParams(form);
    assert.ok(form.length <= 16 * 1024, "a form without end was read");
    // A form that says nothing says it once.
    for (const name of names) if (name || fields[name]) assert.deepStrictEqual(others.getAll(name), [fields[name]], "a field that was said twice, or another one, was read");
    assert.ok(Object.getPrototypeOf(fields) === null);
  },
  {
    "repetition": (form) => [...new Map(form.split("&").map((field) => [field.split("=")[0], field])).values()].join("&"),
    "the length": (form) => form.slice(0, 16_384),
  },
);

// What the waiting page makes of an event; undefined if it waits on.
async function taken(event) {
  emptyStorage();
  const inbox = page.openInbox({}, ID);
  window.dispatchEvent(event);
  const nothing = Symbol("nothing");
  const answer = await Promise.race([inbox.answer, new Promise((resolve) => setImmediate(resolve, nothing))]);
  inbox.close();
  return answer === nothing ? undefined : { fields: answer };
}

const isResponse = (data) => data?.v === 1 && typeof data.payload === "string";

target(
  "a window's message",
  fc.record({
    origin: mostly(ORIGIN, oneOf("https://evil.example", "null", `${ORIGIN}.evil.example`, `${ORIGIN}:444`)),
    data: mostly({ v: 1, id: ID, payload: "code=c" }, fc.oneof(odd, fc.record({ v: mostly(1), id: mostly(ID, oneOf(OTHER, "", null)), payload: mostly("code=c") }))),
  }),
  ({ origin, data }) => taken(Object.assign(new Event("message"), { origin, data, source: null })),
  ({ origin, data }, judged) => {
    const good = origin === ORIGIN && data?.id === ID && isResponse(data);
    assert.equal(Boolean(judged), good, "a message was believed that is not ours, or ours was not");
  },
  {
    "the origin": (message) => ({ ...message, origin: ORIGIN }),
    "the id": (message) => ({ ...message, data: message.data && typeof message.data === "object" ? { ...message.data, id: ID } : message.data }),
    "the version": (message) => ({ ...message, data: message.data && typeof message.data === "object" ? { ...message.data, v: 1 } : message.data }),
  },
);

target(
  "an entry that another page left",
  fc.record({
    key: mostly(`talxis-broker:response:${ID}`, oneOf(`talxis-broker:response:${OTHER}`, "x", null)),
    newValue: mostly(json({ v: 1, payload: "code=c" }), fc.oneof(odd.map(json), fc.string(), fc.constant(null), fc.record({ v: odd, payload: odd }).map(json))),
  }),
  ({ key, newValue }) => taken(Object.assign(new Event("storage"), { key, newValue })),
  ({ key, newValue }, judged) => {
    let data;
    try {
      data = JSON.parse(newValue);
    } catch {
      // None.
    }
    assert.equal(Boolean(judged), key === `talxis-broker:response:${ID}` && isResponse(data), "a foreign entry was believed, or ours was not");
  },
  { "whose it is": (entry) => ({ ...entry, key: `talxis-broker:response:${ID}` }) },
);

target(
  "a tab's message",
  mostly({ v: 1, kind: "changed", sequence: 1 }, fc.oneof(odd, fc.record({ v: mostly(1), kind: mostly("changed"), sequence: odd }))),
  (data) => {
    emptyStorage();
    let looks = 0;
    tabs.createTabs((...told) => {
      assert.deepStrictEqual(told, [], "something of a message was passed on");
      looks += 1;
    });
    lastChannel().onmessage({ data });
    return looks;
  },
  (data, looks) => assert.equal(looks, data?.v === 1 && data.kind === "changed" ? 1 : 0, "a message of another kind cost a look, or ours none"),
  {
    "the kind": (data) => (data && typeof data === "object" ? { ...data, kind: "changed" } : data),
    "the version": (data) => (data && typeof data === "object" ? { ...data, v: 1 } : data),
  },
);

const FRESH = 30_000;
const STALE = 90_000;
const record = fc.record({ v: mostly(1), age: mostly(FRESH, oneOf(STALE, "x", null, -FRESH)), payload: mostly("code=c") });

target(
  "a response that came back",
  fc.record({
    state: mostly(`${ID}.secret`, fc.oneof(odd, fc.constant(`${OTHER}.secret`))),
    id: mostly(ID, oneOf(OTHER)),
    kept: mostly({ v: 1, age: FRESH, payload: "code=c" }, fc.oneof(record, odd)),
  }),
  ({ state, id, kept }) => {
    emptyStorage();
    const aged = typeof kept?.age === "number" ? { ...kept, at: Date.now() - kept.age } : kept;
    localStorage.setItem(`talxis-broker:response:${id}`, json(aged));
    const own = String(state).slice(0, 32);
    const payload = comeback.takeResponse(own);
    return { payload, left: Object.keys(localStorage).filter((key) => key === `talxis-broker:response:${own}`) };
  },
  ({ state, id, kept }, { payload, left }) => {
    const good = String(state).slice(0, 32) === id && kept?.v === 1 && typeof kept.age === "number" && kept.age < 60_000 && typeof kept.payload === "string";
    assert.deepStrictEqual(payload, good ? kept.payload : undefined, "a response of another sign-in, or a stale one, was taken");
    assert.deepStrictEqual(left, [], "a response was left behind");
  },
  {
    "the age": (input) => (input.kept?.age === STALE ? { ...input, kept: { ...input.kept, age: FRESH } } : input),
    "the version": (input) => (input.kept && typeof input.kept === "object" ? { ...input, kept: { ...input.kept, v: 1 } } : input),
    "whose it is": (input) => ({ ...input, id: String(input.state).slice(0, 32) }),
  },
);

target(
  "kept variables",
  fc.record({ v: mostly(1), variables: fc.oneof(odd, fc.dictionary(oneOf("talxis_TokenBrokerConfig", "x_TokenBrokerClients"), mostly('{"version":1}', fc.oneof(fc.string(), odd)))) }),
  (kept) => {
    emptyStorage();
    sessionStorage.setItem("talxis-broker:variables", json(kept));
    const found = variables.keptVariables();
    try {
      return { found, parsed: variables.parseVariables(found ?? {}) };
    } catch (refused) {
      return { found, refused };
    }
  },
  (kept, { found, parsed, refused }) => {
    const { v, variables: texts } = JSON.parse(json(kept)); // JSON has no `undefined`.
    const isText = (value) => typeof value === "string";
    const good = v === 1 && texts && Object.values(texts).every(isText);
    assert.equal(Boolean(found), Boolean(good), "variables that are not texts were taken, or texts were not");
    if (refused) return assert.equal(refused.code, "config_invalid", "a variable threw something that is no refusal");
    for (const clients of Object.values(parsed.clients)) assert.notStrictEqual(clients, undefined, "a list of clients is lost");
  },
  { "the version": (kept) => ({ ...kept, v: 1 }) },
);

const NOW = 1_000_000_000;
const MINUTES = 60_000;
const ADELE = { tenant: "t", objectId: "o" };

// One token, kept after a request `q` was answered with it by a core that decided by `a`; asked for by somebody, later.
target(
  "what an earlier page load was answered",
  fc.record({
    v: mostly(1, oneOf(0, 2, "1", undefined)),
    of: mostly("a", oneOf("b", "", undefined)),
    text: mostly("q", oneOf("r", "", "toString")),
    said: mostly("secret", oneOf("renewed", "")),
    user: mostly(ADELE, oneOf({ ...ADELE, tenant: "u" }, { ...ADELE, objectId: "p" }, { tenant: "t" }, { objectId: "o" }, {})),
    ends: mostly(60 * MINUTES, oneOf(5 * MINUTES, 5 * MINUTES - 1, 0, -1)),
    came: mostly(-MINUTES, oneOf(0, 1, MINUTES, undefined)),
    there: mostly(true, oneOf(false)),
  }),
  ({ v, of, text, said, user, ends, came, there }) => {
    const token = { client: "c", scopes: "s", granted: "s  x ", secret: "secret", expiresOn: NOW + ends, storedOn: came === undefined ? came : NOW + came };
    const account = { username: "adele", tenantId: "t", objectId: "o", homeAccountId: "h", guest: false };
    const snapshot = there ? { v, account, tokens: { "c s": token } } : null;
    const kept = recall.withAnswers(snapshot, of, new Map([["q", said]]));
    return recall.recall(kept && JSON.parse(JSON.stringify(kept)), "a", text, user, NOW);
  },
  ({ v, of, text, said, user, ends, came, there }, answer) => {
    const good = v === 1 && of === "a" && text === "q" && said === "secret" && user.tenant === "t" && user.objectId === "o"
      && ends >= 5 * MINUTES && came <= 0 && there;
    assert.equal(Boolean(answer), good, "an answer was given again that does not fit, or one that does was not");
    if (!answer) return;
    const { accessToken, clientId, scopes, fromCache, account } = answer;
    assert.deepStrictEqual([accessToken, clientId, scopes, fromCache, account.username], ["secret", "c", ["s", "x"], true, "adele"]);
  },
  {
    "the version": (input) => ({ ...input, v: 1 }),
    "what decided": (input) => ({ ...input, of: "a" }),
    "what was asked": (input) => ({ ...input, text: "q" }),
    "which token answered": (input) => ({ ...input, said: "secret" }),
    "the tenant": (input) => ({ ...input, user: { ...input.user, tenant: "t" } }),
    "the user": (input) => ({ ...input, user: { ...input.user, objectId: "o" } }),
    "how long it lasts": (input) => ({ ...input, ends: 60 * MINUTES }),
    "that the clock was turned back": (input) => ({ ...input, came: 0 }),
  },
);

test("answers that were learned before are kept with the new ones, and not without end", () => {
  const snapshot = { tokens: { "c s": { secret: "secret" } } };
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`old${at}`, "c s"]));
  const { answers } = recall.withAnswers(snapshot, "a", new Map([["new", "secret"]]), many);
  assert.deepStrictEqual([Object.keys(answers).length, answers.new, answers.old299, answers.old0], [256, "c s", "c s", undefined]);
});
