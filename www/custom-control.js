// A custom control (PCF) on the form, hosted as the platform hosts a virtual one: its bundle registers a constructor; `init` comes once,
// `updateView` whenever the platform likes, `getOutputs` after a notification, `destroy` when the form goes. What `updateView` returns is
// rendered by the platform's React. Makers put controls on forms; here tests do, by `lookalike.customise`.

const constructors = new Map();
const texts = new Map();
const onForms = [];

window.ComponentFramework = { registerControl: (name, constructor) => constructors.set(name, constructor) };

/** The controls that makers put on the form. */
export const customControls = () => onForms.map((settings) => new CustomControl(settings));

/** Puts one more on every form. */
export function customise(settings) {
  onForms.push(settings);
  return new CustomControl(settings);
}

class CustomControl {
  element = document.createElement("div");
  /** How often it said that it has an output. */
  notifications = 0;
  #settings;
  #control;
  #values;
  #root;
  #destroyed = false;

  /** `name` is namespace and constructor; `react` the folder of the platform's React; `strict` wraps it in React's strict mode. */
  constructor({ name, parameters, react, strict = false }) {
    this.#settings = { name, react, strict };
    this.#values = { ...parameters };
    this.element.className = "custom-control";
    this.element.dataset.control = name;
  }

  async start() {
    const { name, react } = this.#settings;
    // powerapps.md §6 [V]: platform libraries are globals by their version.
    for (const library of ["react", "react-dom"]) await load(`/WebResources/${react}/${library}.js`);
    window.Reactv16 = window.React;
    await load(`/WebResources/cc_${name}/bundle.js`);
    texts.set(name, texts.get(name) ?? (await strings(name)));
    if (this.#destroyed) return;
    this.#control = new (constructors.get(name))();
    this.#control.init(this.#context(), () => this.#notified(), {}, undefined);
    this.update();
  }

  /** The platform has something new, or thinks so. */
  update(values) {
    Object.assign(this.#values, values);
    const content = this.#control.updateView(this.#context());
    this.#render(this.#settings.strict ? window.React.createElement(window.React.StrictMode, null, content) : content);
  }

  destroy() {
    this.#destroyed = true;
    this.#control?.destroy();
    if (this.#root) this.#root.unmount();
    else window.ReactDOM?.unmountComponentAtNode(this.element);
  }

  #notified() {
    this.notifications += 1;
    this.update(this.#control.getOutputs());
  }

  #render(content) {
    const { ReactDOM } = window;
    if (!ReactDOM.createRoot) return void ReactDOM.render(content, this.element);
    this.#root ??= ReactDOM.createRoot(this.element);
    this.#root.render(content);
  }

  #context() {
    const parameters = Object.fromEntries(Object.entries(this.#values).map(([name, raw]) => [name, { raw }]));
    return { parameters, mode: { isControlDisabled: false }, resources: { getString: (key) => texts.get(this.#settings.name).get(key) } };
  }
}

const loaded = new Map();

// Once each, however many controls want it.
function load(source) {
  if (!loaded.has(source)) {
    loaded.set(source, new Promise((resolve, reject) => {
      const script = Object.assign(document.createElement("script"), { src: source, onload: resolve, onerror: () => reject(new Error(`${source} cannot be loaded.`)) });
      document.head.append(script);
    }));
  }
  return loaded.get(source);
}

async function strings(name) {
  const file = name.split(".").pop();
  const resx = await (await fetch(`/WebResources/cc_${name}/strings/${file}.1033.resx`)).text();
  const data = new DOMParser().parseFromString(resx, "text/xml").querySelectorAll("data");
  return new Map([...data].map((entry) => [entry.getAttribute("name"), entry.querySelector("value").textContent]));
}
