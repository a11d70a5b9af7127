// As much of a browser's window as the modules under test look at, and the modules themselves. Everything that they parse with is Node's own:
// JSON, URLSearchParams, URL, decodeURIComponent, events.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const ORIGIN = "https://contoso.crm.example";
const ROOT = new URL("../../../", import.meta.url).pathname;

// Its entries are its own members, as a page's code may expect.
export class Storage {
  getItem(key) {
    return Object.hasOwn(this, key) ? this[key] : null;
  }
  setItem(key, value) {
    Object.defineProperty(this, key, { value: String(value), enumerable: true, configurable: true, writable: true });
  }
  removeItem(key) {
    delete this[key];
  }
}

// Nobody is at the other end; whoever tests one calls what it listens with.
class Channel {
  static opened = [];
  constructor() {
    Channel.opened.push(this);
  }
  addEventListener() {}
  postMessage() {}
  close() {}
}

const window = new EventTarget();
Object.assign(globalThis, {
  window,
  location: { origin: ORIGIN, href: `${ORIGIN}/main.aspx` },
  localStorage: new Storage(),
  sessionStorage: new Storage(),
  BroadcastChannel: Channel,
  PREFIX: "talxis", // Inserted by `cargo xtask dist`.
});

// The last channel that was opened.
export const lastChannel = () => Channel.opened.at(-1);

export function emptyStorage() {
  globalThis.localStorage = new Storage();
  globalThis.sessionStorage = new Storage();
  Channel.opened = [];
}

// The modules have the names that a packer reads; Node wants to be told that they are modules.
export async function modules() {
  const folder = mkdtempSync(join(tmpdir(), "broker-modules-"));
  cpSync(join(ROOT, "pkg-template"), folder, { recursive: true });
  cpSync(join(ROOT, "src/web/page.js"), join(folder, "page.js"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const names = ["comeback", "page", "recall", "tabs", "variables"];
  const loaded = await Promise.all(names.map((name) => import(join(folder, `${name}.js`))));
  rmSync(folder, { recursive: true });
  return Object.fromEntries(names.map((name, at) => [name, loaded[at]]));
}

// The redirect page's script as a function of what a page has: it runs once for each page.
export function redirectPage() {
  const script = readFileSync(join(ROOT, "pkg-template/redirect.js"), "utf8");
  const texts = '{ en: { title: "", working: "", done: "", offer: "", go: "", unknown: "", failed: "" } }';
  const closed = script.replace(/^import \{ redirect as languages \} .*$/m, `const languages = ${texts};`);
  if (closed === script) throw new Error("The redirect page's script has another import than expected.");
  return new Function("window", "location", "history", "document", "navigator", "localStorage", "BroadcastChannel", "setTimeout", closed);
}
