// `@talxis/token-broker` as it is packed in dist/npm: its files, types and size, and the consumers that its adapters are for, unmodified.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { after, afterEach, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { JSDOM } from "jsdom";
import { conformance } from "./conformance.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const packed = fileURLToPath(new URL("../../dist/npm/", import.meta.url));
const page = new JSDOM("", { url: "https://app.example/" }).window;
for (const name of ["window", "document", "HTMLElement", "customElements", "CustomEvent", "localStorage", "sessionStorage", "Node", "MutationObserver", "Document", "ShadowRoot", "CSSStyleSheet"]) {
  Object.defineProperty(globalThis, name, { value: name === "window" ? page : page[name], configurable: true, writable: true });
}
// jsdom's own would refuse the signals of Node, which its `fetch` wants.
const target = new EventTarget();
page.addEventListener = target.addEventListener.bind(target);
page.dispatchEvent = ({ type }) => target.dispatchEvent(new Event(type));

const load = (name) => import(`${packed}${name}.js`);
const { tokenClient, waitForBroker } = await load("index");
const { installFakeBroker } = await load("testing");

const SCOPE = "api://files/Read";
const CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"ž>?"}}}';
const ENCODED = Buffer.from(CLAIMS).toString("base64");
let client;
let fake;
const install = (options) => (fake = installFakeBroker(options));
const withClaims = () => install({ tokens: ({ claims }) => (claims ? "stronger" : "plain") });
afterEach(() => fake?.uninstall());

// A backend that wants more than the plain token, if it is told to, and says what it saw.
let seen = [];
let challenge;
const backend = createServer(async (request, response) => {
  const body = (await request.toArray()).join("");
  seen.push([request.headers.authorization, body]);
  const refused = challenge && !(challenge.until && request.headers.authorization === challenge.until);
  if (refused) response.setHeader("WWW-Authenticate", challenge.header);
  response.writeHead(refused ? 401 : 200, { "Content-Type": "application/json" }).end('{"value":"yes"}');
});
let origin;
before(async () => {
  await new Promise((resolve) => backend.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${backend.address().port}`;
  client = tokenClient({ client: "files", scopes: [SCOPE], origin });
});
after(() => (backend.close(), page.close()));
// The libraries send tokens over https only: the backend stands behind that address.
const PUBLIC = "https://files.example";
const { fetch: direct } = globalThis;
globalThis.fetch = (input, init) => (`${input}`.startsWith(PUBLIC) ? direct(origin, init) : direct(input, init));
const challenging = (header, until = "Bearer stronger") => {
  seen = [];
  challenge = header && { header, until };
};
const INSUFFICIENT = `Bearer realm="", error="insufficient_claims", claims="${ENCODED}"`;

test("the tarball has these files and no others", () => {
  const [{ files }] = JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json"], { cwd: packed, stdio: ["ignore", "pipe", "ignore"] }));
  const modules = ["azure", "graph", "index", "kiota", "mgt", "testing"].flatMap((name) => [`${name}.js`, `${name}.d.ts`]);
  const expected = [...modules, "LICENSE", "README.md", "api.d.ts", "package.json", "token-broker.script.js"];
  assert.deepEqual(files.map(({ path }) => path).sort(), expected.sort());
});

test("the types are the golden ones", () => {
  const types = (folder) => Object.fromEntries(readdirSync(folder).filter((name) => name.endsWith(".d.ts")).map((name) => [name, readFileSync(`${folder}/${name}`, "utf8")]));
  assert.deepEqual(types(packed), types(`${here}golden`));
});

async function bundled() {
  const contents = `import { tokenClient, waitForBroker } from ${JSON.stringify(`${packed}index.js`)}; globalThis.used = [tokenClient, waitForBroker];`;
  const { outputFiles } = await esbuild.build({ stdin: { contents, resolveDir: here }, bundle: true, minify: true, write: false, format: "iife", target: "es2022" });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

// Contract §8.
test("a control's bundle of waitForBroker and tokenClient costs at most 2 kB of gzip", async () => {
  const bytes = await bundled();
  assert.ok(bytes <= 2000, `${bytes} bytes`);
});

test("the compiler accepts the package where the libraries want their own types", () => {
  const run = (...more) => execFileSync("node", ["node_modules/typescript/bin/tsc", "--project", ".", ...more], { cwd: here, encoding: "utf8" });
  try {
    run();
    run("--module", "nodenext", "--moduleResolution", "nodenext"); // As Node itself looks: a file's name in full.
  } catch ({ stdout }) {
    assert.fail(stdout);
  }
});

test("the script build has the same exports in a global", () => {
  const script = readFileSync(`${packed}token-broker.script.js`, "utf8");
  const dom = new JSDOM("", { runScripts: "outside-only" });
  dom.window.eval(script);
  assert.deepEqual(Object.keys(dom.window.eval("talxisTokenBroker")).sort(), ["tokenClient", "waitForBroker"]);
});

for (const [name, check] of Object.entries(conformance)) {
  test(`conformance of the fake: ${name}`, () => {
    install({ delay: 1 });
    return check({ page, request: { client: "files", scopes: [SCOPE] } });
  });
}

test("the fake answers with the given tokens, fails as told, and goes without a trace", async () => {
  install({ tokens: { [SCOPE]: "by scope" } });
  assert.equal((await client.getToken()).accessToken, "by scope");
  assert.equal(await waitForBroker(), fake.broker);
  fake.uninstall();
  assert.equal("talxisBroker" in page, false);
  install({ fail: "consent_required" });
  await assert.rejects(client.getToken(), { name: "TalxisBrokerError", code: "consent_required", interactionRequired: false, retryable: false });
});

test("the fake's failures are as the broker's: what helps by a sign-in says so, and what helps by waiting", async () => {
  // What the core decides, read where it does.
  const source = readFileSync(`${here}../../crates/broker-core/src/error.rs`, "utf8");
  const codes = Object.fromEntries([...source.matchAll(/Self::(\w+) => "(\w+)",/g)].map(([, name, code]) => [name, code]));
  const listed = (predicate) => [...source.split(`pub fn ${predicate}`)[1].split(")\n    }")[0].matchAll(/Self::(\w+)/g)].map(([, name]) => codes[name]);
  const [interactive, retryable] = [listed("interaction_required"), listed("retryable")];
  assert.ok(interactive.length > 5 && retryable.length > 3, "the core's lists were not found");
  for (const code of Object.values(codes)) {
    install({ fail: code });
    const told = { code, interactionRequired: interactive.includes(code), retryable: retryable.includes(code) };
    await assert.rejects(client.getToken(), told, code);
    fake.uninstall();
  }
});

test("fetch adds the token, and answers a claims challenge once, with the same body", async () => {
  withClaims();
  const challenge = (encoded) => `Bearer realm="", error="insufficient_claims", claims="${encoded}"`;
  const behindAnother = `PoP nonce="claims=x, y", ${challenge(ENCODED)}`;
  for (const header of [challenge(ENCODED), challenge(Buffer.from(CLAIMS).toString("base64url")), behindAnother]) {
    challenging(header);
    const answer = await client.fetch(origin, { method: "POST", body: "sent" });
    assert.equal(answer.status, 200);
    assert.deepEqual(seen, [["Bearer plain", "sent"], ["Bearer stronger", "sent"]]);
    assert.equal(fake.calls.at(-1).request.claims, CLAIMS);
  }
  challenging(INSUFFICIENT, "nothing will do");
  assert.equal((await client.fetch(origin)).status, 401);
  assert.equal(seen.length, 2);
});

test("a 401 that is no challenge, or an unreadable one, is the caller's", async () => {
  withClaims();
  const within = `Bearer error="insufficient_claims", error_description="with claims=${ENCODED}"`;
  const empty = `Bearer error="insufficient_claims", claims="${Buffer.from("{}").toString("base64")}"`;
  const others = [INSUFFICIENT.replace(", claims", ", x_claims"), within, empty];
  for (const header of ["Bearer", 'Bearer error="invalid_token"', 'Bearer error="insufficient_claims", claims="e30x"', 'Bearer error="insufficient_claims"', ...others]) {
    challenging(header);
    assert.equal((await client.fetch(origin)).status, 401, header);
    assert.equal(seen.length, 1, header);
  }
});

test("a token goes to its API only: to the origin of the scopes, to the one that is named, or else to none in the clear", async () => {
  install();
  const graph = { client: "files", scopes: ["https://graph.example/Files.Read"] };
  const refused = [
    [graph, "https://evil.example/"],
    [graph, "https://graph.example.evil.example/"],
    [graph, "http://graph.example/"],
    [{ ...graph, origin }, "https://graph.example/"],
    [{ ...graph, origin: "https://graph.example:44" }, "https://graph.example:444/"],
    [{ client: "files", scopes: [SCOPE] }, "http://files.example/"],
    [{ client: "files" }, "http://files.example/"],
  ];
  for (const [of, address] of refused) {
    await assert.rejects(tokenClient(of).fetch(address), { message: "No token for this host." }, address);
    await assert.rejects(tokenClient(of).fetch(new Request(address)), { message: "No token for this host." }, address);
  }
  assert.deepEqual(fake.calls, []);
});

test("an abort reaches the token of a fetch", async () => {
  install({ delay: 60_000 });
  const controller = new AbortController();
  const waiting = client.fetch(origin, { signal: controller.signal });
  controller.abort();
  await assert.rejects(waiting, { name: "AbortError", code: "aborted" });
});

test("changes are told until the end", async () => {
  install();
  const types = [];
  const end = client.onChange(({ type }) => types.push(type));
  await new Promise(setImmediate);
  await client.signIn();
  await fake.broker.signOut();
  end();
  await client.signIn();
  assert.deepEqual(types, ["signedin", "signedout"]);
});

test("Azure: the pipeline's bearer policy uses the credential, and answers a challenge through it", async () => {
  withClaims();
  challenging(INSUFFICIENT);
  const { bearerTokenAuthenticationPolicy, createDefaultHttpClient, createEmptyPipeline, createPipelineRequest } = await import("@azure/core-rest-pipeline");
  const { isTokenCredential } = await import("@azure/core-auth");
  const credential = (await load("azure")).tokenCredential(client);
  assert.ok(isTokenCredential(credential));
  const pipeline = createEmptyPipeline();
  pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: SCOPE }));
  const http = createDefaultHttpClient();
  const behind = { sendRequest: (request) => http.sendRequest(Object.assign(request, { url: origin, allowInsecureConnection: true })) };
  const send = { sendRequest: (request) => (request.url = "https://files.example/", pipeline.sendRequest(behind, request)) };
  const answer = await send.sendRequest(createPipelineRequest({ url: "https://files.example/" }));
  assert.deepEqual([answer.status, seen.map(([token]) => token)], [200, ["Bearer plain", "Bearer stronger"]]);
});

test("Graph: the client sends the provider's token", async () => {
  install({ tokens: { files: "for graph" } });
  challenging();
  const { Client } = await import("@microsoft/microsoft-graph-client");
  const authProvider = (await load("graph")).authenticationProvider(client);
  const graph = Client.initWithMiddleware({ authProvider, baseUrl: `${PUBLIC}/`, customHosts: new Set(["files.example"]) });
  assert.deepEqual(await graph.api("/me").get(), { value: "yes" });
  assert.deepEqual(seen.map(([token]) => token), ["Bearer for graph"]);
});

test("Kiota: allowed hosts get the token, others none, and a challenge is answered", async () => {
  withClaims();
  const { AllowedHostsValidator, BaseBearerTokenAuthenticationProvider, HttpMethod, RequestInformation } = await import("@microsoft/kiota-abstractions");
  const { FetchRequestAdapter } = await import("@microsoft/kiota-http-fetchlibrary");
  const { accessTokenProvider } = await load("kiota");
  const send = async (hosts) => {
    const provider = accessTokenProvider(client, new AllowedHostsValidator(new Set(hosts)));
    const adapter = new FetchRequestAdapter(new BaseBearerTokenAuthenticationProvider(provider));
    const request = new RequestInformation(HttpMethod.GET);
    request.URL = `${PUBLIC}/`;
    return adapter.sendNoResponseContent(request, undefined);
  };
  challenging(INSUFFICIENT);
  await send(["files.example"]);
  assert.deepEqual(seen.map(([token]) => token), ["Bearer plain", "Bearer stronger"]);
  assert.equal(fake.calls.at(-1).request.claims, CLAIMS);
  challenging();
  await send(["elsewhere.example"]);
  assert.deepEqual(seen.map(([token]) => token), [undefined]);
  const provider = accessTokenProvider(client, new AllowedHostsValidator(new Set(["files.example", "localhost", "localhost.files.example"])));
  await assert.rejects(provider.getAuthorizationToken("http://files.example/"), TypeError);
  await assert.rejects(provider.getAuthorizationToken("http://localhost.files.example/"), TypeError);
  assert.equal(await provider.getAuthorizationToken("http://localhost:8080/"), "plain");
});

test("MGT: the provider knows who is signed in, and gives tokens", async () => {
  install({ fail: ({ interaction }) => (interaction === "never" && !fake.broker.account ? "interaction_required" : undefined) });
  // Its modules are written for bundlers.
  const contents = 'export { Providers, ProviderState, SimpleProvider } from "@microsoft/mgt-element";';
  const { outputFiles } = await esbuild.build({ stdin: { contents, resolveDir: here }, bundle: true, write: false, format: "esm", logLevel: "silent" });
  const { Providers, ProviderState, SimpleProvider } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`);
  const provider = (await load("mgt")).mgtProvider(client, SimpleProvider);
  Providers.globalProvider = provider;
  const state = (wanted) => new Promise((resolve) => {
    const look = () => provider.state === wanted && resolve();
    provider.onStateChanged(look);
    look();
  });
  await state(ProviderState.SignedOut);
  await provider.login();
  await state(ProviderState.SignedIn);
  assert.equal(await provider.getAccessToken({ scopes: [SCOPE] }), "fake-token");
  assert.equal(Providers.globalProvider, provider);
});
