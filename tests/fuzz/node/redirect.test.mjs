// The redirect page (contract §5), from its own side: where it goes, what it offers, who hears the response in which order, and whom it
// believes that it was heard. In a window of ours, whose time passes when a test says so.

import assert from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { json, mostly, odd, oneOf, target } from "./target.mjs";
import { openRedirectPage, ORIGIN } from "./window.mjs";

const ID = "07070707070707070707070707070707";
const OTHER = "08080808080808080808080808080808";
const PENDING = `talxis-broker:pending:${ID}`;
const ENTRY = `talxis-broker:response:${ID}`;
const RESPONSE = `code=c&state=${ID}.s`;
const WAITED_FOR = { [PENDING]: json({ v: 1, at: 1 }) };
const ACKNOWLEDGED = { v: 1, ack: true, id: ID };

// Contract §5: how long each way is given, and how long an entry may lie.
const ACKNOWLEDGED_MS = 300;
const FORGOTTEN_MS = 60_000;

// What an opener asked for that wants this window to go on to an address.
const relayed = (response) => `${ORIGIN}/r.html#${response}`;

target(
  "the redirect page",
  fc.record({
    response: fc.oneof(
      { weight: 3, arbitrary: fc.constant(RESPONSE) },
      { weight: 1, arbitrary: fc.constant(`https://login.example/t/oauth2/v2.0/authorize?state=${ID}.s`) },
      { weight: 1, arbitrary: oneOf(`code=c&state=${OTHER}.s`, "", "javascript:alert(1)//?state=x", `state=${ID}`) },
      { weight: 1, arbitrary: fc.string() },
    ),
    record: fc.option(
      fc.record({ v: mostly(1), returnTo: fc.oneof(oneOf(`${ORIGIN}/main.aspx`, `${ORIGIN}.evil.example/`, "https://evil.example/", "//evil.example/", "javascript:1", `blob:${ORIGIN}/x`, `${ORIGIN}@evil.example/`), odd) }).map(json),
      { nil: undefined },
    ),
    openerOrigin: oneOf(ORIGIN, "https://evil.example"),
    opened: oneOf("this", "this", relayed("https://login.example/another"), undefined),
  }),
  ({ response, record, openerOrigin, opened }) => {
    const records = record === undefined ? {} : { [PENDING]: record };
    return openRedirectPage({ response, records, openerOrigin, opened: opened === "this" ? relayed(response) : opened }).seen;
  },
  ({ record, openerOrigin, opened, response }, { went, offered, hash }) => {
    assert.equal(hash, "", "the response stayed in the address");
    const kept = record === undefined ? undefined : JSON.parse(record);
    for (const to of went) {
      assert.ok(kept?.v === 1 && kept.returnTo === to, "the page went where no record says");
      const { origin, protocol } = new URL(to);
      assert.ok(origin === ORIGIN && protocol === "https:", "the page went to another origin");
    }
    const asked = openerOrigin === ORIGIN && (opened === "this" || opened === relayed(response));
    if (offered) assert.ok(asked && /^https?:/.test(response), "the page offers an address for somebody else");
  },
  {
    "the origin to return to": (input) => (input.record?.includes("evil") ? { ...input, record: json({ v: 1, returnTo: `${ORIGIN}/evil` }) } : input),
    "the opener's origin": (input) => ({ ...input, openerOrigin: ORIGIN }),
    "what the opener asked for": (input) => ({ ...input, opened: "this" }),
    "the record's version": (input) => (input.record ? { ...input, record: json({ ...JSON.parse(input.record), v: 1 }) } : input),
  },
);

// Nobody was at the channel; when the opener's turn has come, somebody says that the response was heard.
target(
  "what the redirect page says, and whom it believes",
  fc.record({
    openerOrigin: oneOf(ORIGIN, "https://evil.example"),
    waitedFor: fc.boolean(),
    by: oneOf("channel", "window"),
    origin: mostly(ORIGIN, oneOf("https://evil.example", "null", `${ORIGIN}.evil.example`, `${ORIGIN}:444`)),
    fromOpener: mostly(true, fc.constant(false)),
    data: mostly(ACKNOWLEDGED, fc.oneof(odd, fc.record({ v: mostly(1), ack: mostly(true), id: mostly(ID, oneOf(OTHER, "", null)) }))),
  }),
  ({ openerOrigin, waitedFor, by, origin, fromOpener, data }) => {
    const page = openRedirectPage({ response: RESPONSE, records: waitedFor ? WAITED_FOR : {}, openerOrigin });
    page.pass(ACKNOWLEDGED_MS);
    if (by === "channel") page.tellByChannel(data);
    else page.tell("message", { origin, data, source: fromOpener ? page.opener : {} });
    const { closed } = page.seen;
    page.pass(ACKNOWLEDGED_MS);
    return { closed, heard: page.seen.opener, left: page.storage.getItem(ENTRY) };
  },
  ({ openerOrigin, waitedFor, by, origin, fromOpener, data }, { closed, heard, left }) => {
    assert.deepEqual(heard, openerOrigin === ORIGIN ? [{ v: 1, id: ID, payload: RESPONSE }] : [], "another origin heard the response, or ours did not");
    const good = data?.v === 1 && data.ack === true && (by === "channel" || (origin === ORIGIN && fromOpener && data.id === ID));
    assert.equal(closed, good, "an acknowledgement was believed that is none, or one was not");
    assert.equal(left, waitedFor && !good ? json({ v: 1, payload: RESPONSE }) : null, "the response lies where nobody waits for it, or not where somebody does");
  },
  {
    "the target origin": (input) => ({ ...input, openerOrigin: ORIGIN }),
    "that somebody waits": (input) => ({ ...input, waitedFor: true }),
    "the acknowledgement's origin": (input) => ({ ...input, origin: ORIGIN }),
    "the acknowledgement's source": (input) => ({ ...input, fromOpener: true }),
    "the acknowledgement's id": (input) => ({ ...input, data: input.data && typeof input.data === "object" ? { ...input.data, id: ID } : input.data }),
    "the acknowledgement's version": (input) => ({ ...input, data: input.data && typeof input.data === "object" ? { ...input.data, v: 1 } : input.data }),
  },
);

const open = (how = {}) => openRedirectPage({ response: RESPONSE, records: WAITED_FOR, ...how });
const saidTo = ({ seen, storage }) => [seen.channel.length, seen.opener.length, storage.getItem(ENTRY) === null ? 0 : 1];

test("the response is said on the channel of its id at once, and to nobody else where it is heard there", () => {
  const page = open();
  assert.equal(page.seen.name, `talxis-broker:${ID}`);
  assert.deepEqual(page.seen.channel, [{ v: 1, payload: RESPONSE }]);
  page.pass(ACKNOWLEDGED_MS - 1);
  page.tellByChannel(ACKNOWLEDGED);
  page.pass(FORGOTTEN_MS);
  assert.deepEqual([page.seen.closed, page.seen.said, saidTo(page)], [true, "done", [1, 0, 0]]);
});

test("where nobody hears the channel the opener is told after 300 ms, and the storage is left alone where that one hears it", () => {
  const page = open();
  page.pass(ACKNOWLEDGED_MS - 1);
  assert.deepEqual(saidTo(page), [1, 0, 0]);
  page.pass(1);
  assert.deepEqual([saidTo(page), page.seen.closed], [[1, 1, 0], false]);
  page.tell("message", { origin: ORIGIN, source: page.opener, data: ACKNOWLEDGED });
  page.pass(FORGOTTEN_MS);
  assert.deepEqual([page.seen.closed, page.seen.said, saidTo(page)], [true, "done", [1, 1, 0]]);
});

test("where the opener does not hear it either the response lies in storage after another 300 ms, until its reader deletes it", () => {
  const page = open();
  page.pass(2 * ACKNOWLEDGED_MS - 1);
  assert.deepEqual(saidTo(page), [1, 1, 0]);
  page.pass(1);
  assert.deepEqual([saidTo(page), page.seen.closed], [[1, 1, 1], false]);
  assert.equal(page.storage.getItem(ENTRY), json({ v: 1, payload: RESPONSE }));
  page.tell("storage", { key: ENTRY, newValue: "x" });
  page.tell("storage", { key: "another", newValue: null });
  assert.ok(!page.seen.closed, "another change of the storage was taken for the reader's");
  page.tell("storage", { key: ENTRY, newValue: null });
  assert.deepEqual([page.seen.closed, page.seen.said], [true, "done"]);
});

test("a response that nobody takes out of the storage is deleted after 60 s, and the page closes", () => {
  const page = open();
  page.pass(2 * ACKNOWLEDGED_MS + FORGOTTEN_MS - 1);
  assert.deepEqual([saidTo(page), page.seen.said, page.seen.closed], [[1, 1, 1], "working", false]);
  page.pass(1);
  assert.deepEqual([saidTo(page), page.seen.said, page.seen.closed], [[1, 1, 0], "done", true]);
});

test("a page that is closed by its user takes the response out of the storage", () => {
  const page = open();
  page.pass(2 * ACKNOWLEDGED_MS);
  page.tell("pagehide");
  assert.equal(page.storage.getItem(ENTRY), null);
});

test("a response that nobody waits for is never stored", () => {
  const page = open({ records: {} });
  page.pass(2 * ACKNOWLEDGED_MS + FORGOTTEN_MS);
  assert.deepEqual([page.seen.closed, saidTo(page), Object.keys(page.storage)], [true, [1, 1, 0], []]);
});

test("a way that is refused is followed by the next one, and the page says so when there is none", () => {
  const page = open({ refuses: ["channel", "opener"] });
  page.pass(2 * ACKNOWLEDGED_MS);
  assert.deepEqual(saidTo(page), [0, 0, 1]);
  const stuck = open({ refuses: ["channel", "opener", "storage"] });
  stuck.pass(2 * ACKNOWLEDGED_MS);
  assert.equal(stuck.seen.said, "working");
  stuck.pass(ACKNOWLEDGED_MS);
  assert.deepEqual([stuck.seen.said, stuck.seen.closed], ["failed", false]);
});

test("a page that stands in between passes on to its opener what it hears, and nothing that is no response", () => {
  const address = `https://login.example/t/oauth2/v2.0/authorize?state=${ID}.s`;
  const page = open({ response: address, opened: relayed(address) });
  assert.deepEqual([page.seen.offered, page.seen.said], [true, "offer"]);
  for (const odd of [null, { v: 2, payload: RESPONSE }, { v: 1, payload: 7 }, ACKNOWLEDGED]) page.tellByChannel(odd);
  page.pass(FORGOTTEN_MS);
  assert.deepEqual([saidTo(page), page.seen.closed], [[0, 0, 0], false]);
  page.tellByChannel({ v: 1, payload: RESPONSE });
  assert.deepEqual([page.seen.channel, page.seen.opener], [[ACKNOWLEDGED], [{ v: 1, id: ID, payload: RESPONSE }]]);
  page.tell("message", { origin: ORIGIN, source: page.opener, data: ACKNOWLEDGED });
  assert.ok(page.seen.closed);
});
