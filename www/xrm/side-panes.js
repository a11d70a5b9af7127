// Side panes: an HTML web resource in a frame of its own beside the page. It stays while the user navigates.

import { is } from "/environment.js";
import { webResourceUrl } from "/xrm/context.js";

const panes = new Map();

export const sidePanes = {
  async createPane({ title = "", paneId = crypto.randomUUID(), canClose = true, hidden = false, width } = {}) {
    panes.get(paneId)?.close();
    const pane = new SidePane({ title, paneId, canClose, hidden, width });
    panes.set(paneId, pane);
    return pane;
  },
  getPane: (paneId) => panes.get(paneId),
  getAllPanes: () => [...panes.values()],
};

class SidePane {
  #element = document.getElementById("side-pane").content.firstElementChild.cloneNode(true);

  constructor({ title, paneId, canClose, hidden, width }) {
    this.paneId = paneId;
    this.title = title;
    this.#element.dataset.pane = paneId;
    this.#element.setAttribute("aria-label", title);
    this.#element.hidden = hidden;
    if (width) this.#element.style.width = `${width}px`;
    this.#element.querySelector("h2").textContent = title;
    const close = this.#element.querySelector(".close");
    close.hidden = !canClose;
    close.onclick = () => this.close();
    document.getElementById("side-panes").append(this.#element);
  }

  /** Resolves when the web resource is there. */
  navigate({ pageType, webresourceName, data }) {
    if (pageType !== "webresource") return Promise.reject(new Error(`A pane of the look-alike shows no ${pageType}.`));
    const frame = document.createElement("iframe");
    frame.title = this.title;
    // powerapps.md §2 [S] switch `pane-xrm`
    if (is("pane-xrm", "sandboxed")) frame.sandbox = "allow-scripts";
    const query = data === undefined ? "" : `?data=${encodeURIComponent(data)}`;
    frame.src = webResourceUrl(webresourceName) + query;
    const loaded = new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
    this.#element.querySelector(".content").replaceChildren(frame);
    return loaded;
  }

  select() {
    this.#element.hidden = false;
  }

  close() {
    this.#element.remove();
    panes.delete(this.paneId);
  }
}
