// As much of a browser's window as the modules under test look at, and the modules themselves. Everything that they parse with is Node's own:
// JSON, URLSearchParams, URL, decodeURIComponent, events.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const ORIGIN = "https://contoso.crm.example";
const ROOT = new URL("../../../", import.meta.url).pathname;

// Its entries are its own members, as a page's code may expect.
class Storage {
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
  const names = ["calls", "comeback", "page", "recall", "tabs", "variables"];
  const loaded = await Promise.all(names.map((name) => import(join(folder, `${name}.js`))));
  rmSync(folder, { recursive: true });
  return Object.fromEntries(names.map((name, at) => [name, loaded[at]]));
}

// Time that passes when a test says so.
export class Clock {
  now = 0;
  due = new Map();
  setTimeout = (run, ms) => {
    const id = Symbol("timer");
    this.due.set(id, { run, at: this.now + ms });
    return id;
  };
  clearTimeout = (id) => void this.due.delete(id);

  pass(ms) {
    const end = this.now + ms;
    for (let next; (next = this.next(end)); ) {
      [, { at: this.now }] = next;
      this.due.delete(next[0]);
      next[1].run();
    }
    this.now = end;
  }

  next(end) {
    return [...this.due].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
  }
}

const script = redirectScript();

// One load of the redirect page with this response at its address: what it did so far, and what can be done to it. Its opener hears what is
// meant for its origin, as a browser has it. `refuses` names what throws: "channel", "opener" or "storage".
export function openRedirectPage({ response, records = {}, openerOrigin = ORIGIN, opened, refuses = [] }) {
  const clock = new Clock();
  const seen = { hash: `#${response}`, went: [], offered: false, said: undefined, channel: [], opener: [], closed: false };
  const refuse = (way) => {
    if (refuses.includes(way)) throw new Error(`The ${way} is refused.`);
  };
  class OwnChannel {
    constructor(name) {
      seen.name = name;
      seen.own = this;
    }
    postMessage(data) {
      refuse("channel");
      seen.channel.push(data);
    }
    close() {}
  }
  const storage = new Storage();
  for (const [key, value] of Object.entries(records)) storage.setItem(key, value);
  Object.defineProperty(storage, "setItem", { value: (key, value) => (refuse("storage"), Storage.prototype.setItem.call(storage, key, value)) });
  const opener = {
    postMessage(data, target) {
      refuse("opener");
      if (target === "*" || target === openerOrigin) seen.opener.push(data);
    },
    get [Symbol.for("talxis.broker.opened")]() {
      if (openerOrigin !== ORIGIN) throw new Error("It is of another origin.");
      return opened;
    },
  };
  const element = () => ({ style: {}, append: () => (seen.offered = true), set textContent(text) { seen.said = text; } });
  const page = Object.assign(new EventTarget(), { opener, BroadcastChannel: OwnChannel, close: () => (seen.closed = true), open() {} });
  const location = { origin: ORIGIN, pathname: "/r.html", hash: seen.hash, search: "", replace: (to) => seen.went.push(to) };
  const document = { querySelector: element, createElement: element, documentElement: {}, body: { style: {} } };
  const history = { replaceState: () => (seen.hash = "") };
  script(page, location, history, document, { language: "en" }, storage, OwnChannel, clock.setTimeout, clock.clearTimeout);
  return {
    seen,
    storage,
    opener,
    pass: (ms) => clock.pass(ms),
    tellByChannel: (data) => seen.own.onmessage({ data }),
    tell: (type, members) => page.dispatchEvent(Object.assign(new Event(type), members)),
  };
}

// The script as a function of what a page has: it runs once for each page.
function redirectScript() {
  const source = readFileSync(join(ROOT, "pkg-template/redirect.js"), "utf8");
  const says = (keys) => Object.fromEntries(keys.map((key) => [key, key]));
  const texts = JSON.stringify({ en: says(["title", "working", "done", "offer", "go", "unknown", "failed"]) });
  const closed = source.replace(/^import \{ redirect as languages \} .*$/m, `const languages = ${texts};`);
  if (closed === source) throw new Error("The redirect page's script has another import than expected.");
  return new Function("window", "location", "history", "document", "navigator", "localStorage", "BroadcastChannel", "setTimeout", "clearTimeout", closed);
}
