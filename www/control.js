// One control on the form, written as a control developer would: wait for the broker, ask for a token for the API at
// hand, call the API, and tell the user plainly what to do when that is refused. Tokens are never kept: the broker does.

import { explain } from "/refusal.js";
import { waitForBroker } from "/token-broker.js";

export class Control {
  /** Called whenever the state changes: "waiting", "answered" or "refused". */
  onChange = () => {};
  #settings;
  #error = null;
  #starts = 0;
  #destroyed = new AbortController();

  constructor(settings) {
    this.#settings = settings;
    this.element = document.getElementById("control").content.firstElementChild.cloneNode(true);
    this.element.dataset.control = settings.name;
    this.element.querySelector("h3").textContent = settings.displayName.split(".").pop().replace(/(?<=[a-z])(?=[A-Z])/g, " ");
    this.element.querySelector(".registration").textContent = settings.displayName;
    this.#listen().catch(() => {}); // Without a broker, `start` says so.
  }

  get state() {
    return this.element.dataset.state;
  }

  /** Fetches anew; with "never" the user is asked nothing. */
  async start(interaction = "auto") {
    const start = ++this.#starts;
    // An answer that was overtaken is not shown: it may be another user's.
    const isLatest = () => start === this.#starts && !this.#destroyed.signal.aborted;
    this.#show("waiting", "Waiting");
    try {
      const broker = await this.#broker();
      const answers = [];
      for (const call of this.#settings.calls) {
        if (!isLatest()) return; // The user signed out meanwhile, say: nothing more is asked for, of Entra or of her.
        answers.push(await this.#call(broker, { ...call, interaction }));
      }
      if (isLatest()) this.#showAnswers(answers);
    } catch (error) {
      if (isLatest()) this.#showRefusal(error);
    }
  }

  /** The user left the form. */
  destroy() {
    this.#destroyed.abort();
  }

  // A control that was refused because nobody was signed in gets its chance when somebody is, and nobody's data stays on
  // the screen after its owner left.
  async #listen() {
    const { signal } = this.#destroyed;
    const broker = await this.#broker();
    if (signal.aborted) return;
    broker.addEventListener("signedout", () => this.start("never"), { signal });
    broker.addEventListener("signedin", () => this.#error?.interactionRequired && this.start(), { signal });
  }

  // The broker comes with the ribbon, and the ribbon comes when it likes: whoever needs it first has it loaded.
  #broker() {
    return window.talxisBroker ?? waitForBroker({ signal: this.#destroyed.signal });
  }

  async #call(broker, { url, scopes, interaction }) {
    const { accessToken } = await broker.getToken({
      client: this.#settings.alias,
      scopes,
      interaction,
      signal: this.#destroyed.signal,
    });
    const response = await fetch(url, { headers: { Authorization: `Bearer ${accessToken}` } });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error.message);
    return answer;
  }

  #show(state, text, ...content) {
    this.#error = null;
    this.element.dataset.state = state;
    delete this.element.dataset.code;
    this.element.querySelector(".state").textContent = text;
    this.element.querySelector(".body").replaceChildren(...content);
    this.onChange();
  }

  #showAnswers(answers) {
    const content = answers.map((answer, index) => {
      const row = document.createElement("p");
      row.className = "answer";
      row.append(strong(answer.displayName ?? answer.value[0].company), document.createElement("br"));
      row.append(answer.userPrincipalName ?? answer.value[0].address);
      const token = answer["@demo.token"];
      const proof = document.createElement("small");
      const owner = token.azp === this.#settings.clientId ? "this control" : token.azp;
      proof.textContent = `${this.#settings.calls[index].api} token of ${owner}`;
      proof.title = `aud ${token.aud}\nazp ${token.azp}\nscp ${token.scp}\noid ${token.oid}`;
      row.append(document.createElement("br"), proof);
      return row;
    });
    this.#show("answered", "Answered", ...content);
  }

  #showRefusal(error) {
    const { title, advice, link, button } = explain(error, this.#settings.displayName);
    const text = document.createElement("p");
    text.className = "refusal";
    text.append(strong(title), document.createElement("br"), advice);
    const foot = document.createElement("p");
    foot.className = "foot";
    if (link) foot.append(link);
    if (button) foot.append(button);
    const code = document.createElement("code");
    code.textContent = error.code ?? error.name;
    code.title = error.correlationId ? `correlation id ${error.correlationId}` : "";
    foot.append(code);
    this.#show("refused", "Refused", text, foot);
    this.element.dataset.code = error.code ?? "";
    this.#error = error;
  }
}

function strong(text) {
  const element = document.createElement("strong");
  element.textContent = text;
  return element;
}
