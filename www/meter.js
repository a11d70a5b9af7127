// Counts what a user would notice (prompts, windows) and what goes over the wire, from outside of the broker.

import { environment } from "/environment.js";
import { shown } from "/xrm/notifications.js";

class Meter {
  #signIns = 0;
  #controls = [];
  #counts = new Map([["Prompts", 0], ["Popups", 0]]);
  #requests = new Map([["Entra", 0], ["STS", 0], ["Graph", 0], ["Data Feed", 0]]);

  constructor({ broker, graph, feed }) {
    shown.addEventListener("notification", () => this.count("Prompts"));
    const open = window.open;
    window.open = (...words) => {
      const opened = open.apply(window, words);
      if (opened) this.count("Popups");
      return opened;
    };
    const owners = new Map([[broker.authority, "Entra"], [broker.sts, "STS"], [graph, "Graph"], [feed, "Data Feed"]]);
    new PerformanceObserver((list) => {
      for (const { name } of list.getEntries()) {
        const owner = owners.get(new URL(name).origin);
        if (owner) this.#requests.set(owner, this.#requests.get(owner) + 1);
      }
      this.#draw();
    }).observe({ type: "resource", buffered: true });
  }

  count(kind) {
    this.#counts.set(kind, this.#counts.get(kind) + 1);
    this.#draw();
  }

  signedIn() {
    this.#signIns += 1;
    this.show(this.#controls);
  }

  /** Says in one sentence how the controls of the page fare. */
  show(controls) {
    this.#controls = controls;
    const of = (state) => controls.filter((control) => control.state === state).length;
    const sentence = of("waiting")
      ? `${some(of("waiting"), "control")} waiting for a token`
      : [some(this.#signIns, "sign-in"), some(of("answered"), "answer"), some(of("refused"), "clear refusal")].join(", ");
    document.getElementById("summary").textContent = sentence[0].toUpperCase() + sentence.slice(1);
  }

  #draw() {
    const pairs = [...this.#counts, ...[...this.#requests].map(([owner, count]) => [`${owner} requests`, count])];
    document.getElementById("counts").replaceChildren(
      ...pairs.map(([name, count]) => {
        const pair = document.createElement("div");
        const term = document.createElement("dt");
        const value = document.createElement("dd");
        term.textContent = name;
        value.textContent = count;
        value.dataset.count = name;
        pair.append(term, value);
        return pair;
      }),
    );
  }
}

export const meter = new Meter(environment);

function some(number, what) {
  const word = ["no", "one", "two", "three", "four", "five", "six", "seven"][number] ?? number;
  return `${word} ${what}${number === 1 ? "" : "s"}`;
}
