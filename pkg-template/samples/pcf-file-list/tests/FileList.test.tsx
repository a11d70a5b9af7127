// Unit tests of the control: a platform of ten lines, the fake broker for the tokens, and a stub of Microsoft Graph.

import { window } from "./window";

import { installFakeBroker, type FakeBroker, type FakeBrokerOptions } from "@talxis/token-broker/testing";
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, test } from "node:test";
import * as ReactDOM from "react-dom";
import { act } from "react-dom/test-utils";
import { FileList } from "../FileList/index";

const FILES = [{ id: "1", name: "Offer.docx", webUrl: "https://contoso.example/1" }, { id: "2", name: "Plan.xlsx", webUrl: "https://contoso.example/2" }];
const CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
const container = document.querySelector("main") as HTMLElement;
const strings = texts(1033);

let fake: FakeBroker;
let asked: Request[];
let answer: (request: Request) => Response;
let control: InstanceType<typeof FileList> | undefined;

beforeEach(() => {
  asked = [];
  answer = () => Response.json({ value: FILES });
  globalThis.fetch = async (input) => {
    const request = input as Request;
    asked.push(request);
    request.signal.throwIfAborted();
    return answer(request);
  };
});

afterEach(() => {
  destroy();
  fake.uninstall();
});

function install(options?: FakeBrokerOptions) {
  fake = installFakeBroker(options);
}

const context = (url: string | null, graph: string | null) => ({
  mode: { isControlDisabled: false },
  parameters: { url: { raw: url }, graph: { raw: graph } },
  resources: { getString: (key: string) => strings.get(key) },
}) as never;

function create(notify = () => {}) {
  control = new FileList();
  control.init(context(null, null), notify);
}

// The platform renders what a virtual control returns.
async function update(url: string | null = null, graph: string | null = null) {
  await act(async () => void ReactDOM.render(control!.updateView(context(url, graph)), container));
}

function destroy() {
  ReactDOM.unmountComponentAtNode(container);
  control?.destroy();
  control = undefined;
}

async function open(options?: FakeBrokerOptions) {
  install(options);
  create();
  await update();
  await settled();
}

// Waits for a condition, never for a length of time; what is still to come has come after a few turns of the event loop.
const turn = () => act(async () => void (await new Promise(setImmediate)));
async function seen(condition: () => boolean) {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadline) assert.fail(`waited in vain: ${condition}; the control shows ${container.innerHTML}`);
    await turn();
  }
}
const settled = () => seen(() => container.querySelector("[aria-busy=false]") !== null);
async function afterwards() {
  for (let n = 0; n < 20; n += 1) await turn();
}
const shows = (text: RegExp) => seen(() => text.test(container.textContent!));
const click = (text: string) => act(async () => {
  const button = [...container.querySelectorAll("button")].find(({ textContent }) => textContent === text);
  button!.dispatchEvent(new window.MouseEvent("click", { bubbles: true }));
});
const links = () => [...container.querySelectorAll("a")].map(({ textContent, href }) => [textContent, href]);

test("the user's files are listed, with one token for the one scope", async () => {
  await open({ tokens: { "https://graph.microsoft.com/Files.Read": "for graph" } });
  assert.deepEqual(links(), FILES.map(({ name, webUrl }) => [name, webUrl]));
  assert.equal(asked[0].headers.get("Authorization"), "Bearer for graph");
  assert.deepEqual(fake.calls.map(({ request }) => request), [{ client: "filePicker", scopes: ["https://graph.microsoft.com/Files.Read"] }]);
});

test("fifty updates ask for nothing more", async () => {
  await open();
  for (let n = 0; n < 50; n += 1) await update(`https://contoso.example/${n}`);
  assert.deepEqual([fake.calls.length, asked.length], [1, 1]);
});

test("a chosen file is the control's output", async () => {
  install();
  let notified = 0;
  create(() => (notified += 1));
  await update();
  await settled();
  await click("Choose");
  assert.deepEqual([notified, control!.getOutputs()], [1, { url: FILES[0].webUrl }]);
  await update(FILES[0].webUrl);
  assert.equal(container.querySelector("[aria-pressed=true]")?.getAttribute("aria-label"), "Choose: Offer.docx");
});

test("a user who is not signed in gets a button, and the files once it was used", async () => {
  let isOut = true;
  await open({ fail: ({ client }) => (client && isOut ? "user_cancelled" : undefined) });
  assert.match(container.textContent!, /not signed in/);
  isOut = false;
  await click("Sign in");
  await seen(() => links().length === 2);
  assert.equal(fake.calls.filter(({ name }) => name === "signIn").length, 1);
});

test("whoever signed in with the wrong account may choose another", async () => {
  await open({ fail: "account_mismatch" });
  await click("Sign in");
  await seen(() => fake.calls.some(({ name }) => name === "signIn"));
  assert.equal(fake.calls.find(({ name }) => name === "signIn")!.request.selectAccount, true);
});

test("a sign-in that is refused leaves the button", async () => {
  await open({ fail: "user_cancelled" });
  await click("Sign in");
  await seen(() => fake.calls.some(({ name }) => name === "signIn"));
  await afterwards();
  assert.match(container.textContent!, /not signed in/);
});

test("a missing consent is said, with the link for an administrator", async () => {
  await open({ fail: { code: "consent_required", consentUrl: "https://login.example/adminconsent" } });
  assert.match(container.querySelector("[role=alert]")!.textContent!, /administrator/);
  assert.deepEqual(links(), [["Allow as administrator", "https://login.example/adminconsent"]]);
});

test("another failure is shown, and the user may try again", async () => {
  answer = () => Response.json({ error: { message: "Too many requests." } }, { status: 429 });
  await open();
  assert.match(container.textContent!, /Too many requests/);
  answer = () => Response.json({ value: [] });
  await click("Try again");
  await shows(/no files/);
});

test("a claims challenge is answered once, and the user sees nothing of it", async () => {
  const encoded = Buffer.from(CLAIMS).toString("base64");
  const headers = { "WWW-Authenticate": `Bearer error="insufficient_claims", claims="${encoded}"` };
  answer = () => (asked.length === 1 ? new Response("", { status: 401, headers }) : Response.json({ value: FILES }));
  await open();
  assert.equal(links().length, 2);
  assert.deepEqual(fake.calls.map(({ request }) => request.claims), [undefined, CLAIMS]);
});

test("files go from the screen when their owner signs out", async () => {
  await open();
  await act(() => fake.broker.signOut());
  await shows(/not signed in/);
  assert.deepEqual([links(), asked.length], [[], 1]);
});

test("a control that is destroyed while it waits for the broker never asks for a token", async () => {
  create();
  await update();
  control!.destroy();
  install();
  await afterwards();
  assert.deepEqual(fake.calls, []);
});

test("a control that is destroyed while Graph answers writes nothing any more", async () => {
  install();
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const { fetch } = globalThis;
  globalThis.fetch = async (input) => {
    const answered = await fetch(input);
    await held;
    return answered;
  };
  create();
  await update();
  await seen(() => asked.length === 1);
  control!.destroy();
  const records: MutationRecord[] = [];
  const observer = new window.MutationObserver((list) => records.push(...list));
  observer.observe(container, { attributes: true, childList: true, characterData: true, subtree: true });
  release();
  await afterwards();
  await act(() => fake.broker.signOut());
  await afterwards();
  observer.disconnect();
  assert.deepEqual([asked.length, records.length], [1, 0]);
});

test("no other address than Graph's gets the token", async () => {
  install();
  create();
  for (const graph of ["https://evil.example", "https://graph.microsoft.com.evil.example", "https://evil.example/.localhost", "http://graph.microsoft.com"]) {
    await update(null, graph);
    await shows(/is not Microsoft Graph/);
  }
  assert.deepEqual([fake.calls.length, asked.length], [0, 0]);
});

test("both languages have every text", () => {
  assert.deepEqual([...texts(1029).keys()], [...strings.keys()]);
});

function texts(language: number) {
  const resx = readFileSync(`FileList/strings/FileList.${language}.resx`, "utf8");
  return new Map([...resx.matchAll(/<data name="(\w+)"[^>]*><value>(.*)<\/value>/g)].map(([, name, value]) => [name, value]));
}
