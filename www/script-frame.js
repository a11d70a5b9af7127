// The hidden same-origin frames in which Unified Interface runs form and ribbon scripts, each with an Xrm of its own. They come and
// go: whatever a script keeps in one is gone with it.

import { is } from "/environment.js";
import { installPreload } from "/preload.js";
import { installXrm } from "/xrm/xrm.js";

let pages = 0;

export class ScriptFrame {
  #libraries = new Map();
  #leave;
  #gone = new Promise((resolve) => (this.#leave = resolve));

  /** For a page or a panel, numbered by its internal page id; or for the global bar, by that name. */
  constructor(suffix = nextPageId()) {
    const frame = document.createElement("iframe");
    frame.id = `ClientApiFrame_${suffix}`; // powerapps.md §2 [V]
    frame.title = "Scripts";
    frame.hidden = true;
    // powerapps.md §2 [S] switch `frame-src`
    frame.src = is("frame-src", "about:blank") ? "about:blank" : "/uclient/blank.html";
    // powerapps.md §10.2 [U] switch `frame-sandbox`
    if (is("frame-sandbox", "scripts")) frame.sandbox = "allow-same-origin allow-scripts";
    this.element = frame;
    const loaded = new Promise((resolve) => frame.addEventListener("load", resolve, { once: true })).then(() => {
      frame.contentWindow.addEventListener("pagehide", this.#leave);
      installPreload(frame.contentWindow);
      installXrm(frame.contentWindow);
    });
    /** Settles when scripts can run, or never will. */
    this.ready = Promise.race([loaded, this.#gone]);
    document.body.append(frame);
  }

  get window() {
    return this.element.contentWindow;
  }

  get isAlive() {
    return this.element.isConnected;
  }

  /** Runs a library in the frame; one that is there already does not run again. Ends when the frame does. */
  async load(address, { again = false } = {}) {
    await this.ready;
    if (!this.isAlive) return;
    if (again || !this.#libraries.has(address)) this.#libraries.set(address, this.#run(address));
    await Promise.race([this.#libraries.get(address), this.#gone]);
  }

  destroy() {
    this.element.remove();
    this.#leave();
  }

  #run(address) {
    return new Promise((resolve, reject) => {
      const script = this.window.document.createElement("script");
      script.src = address;
      script.onload = resolve;
      script.onerror = () => reject(new Error(`The library ${address} could not be loaded.`));
      this.window.document.head.append(script);
    });
  }
}

/** What a name with dots stands for in a window, as Unified Interface resolves the functions that a form or ribbon names. */
export function resolve(target, path) {
  return path.split(".").reduce((at, name) => at?.[name], target);
}

function nextPageId() {
  // powerapps.md §2 [S] switch `frame-name`
  return is("frame-name", "id") ? `id-${1292 + pages++}` : pages++;
}
