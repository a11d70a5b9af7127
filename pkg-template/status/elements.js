// Elements made by script: no markup text, no style attribute, no handler attribute, which a strict policy or Trusted Types would refuse.

const SVG = "http://www.w3.org/2000/svg";
const SIGNS = {
  ok: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm3.4 5.3-4 4.1a.6.6 0 0 1-.9 0L4.6 8.5l.9-.9 1.4 1.5 3.6-3.7.9.9Z",
  failed: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm.7 10.7H7.3v-1.4h1.4v1.4Zm0-2.6H7.3V4.3h1.4v4.8Z",
  unknown: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm0 1.3a5.7 5.7 0 1 1 0 11.4A5.7 5.7 0 0 1 8 2.3Zm-.6 2.5h1.3v3.7H7.4V4.8Zm0 4.9h1.3V11H7.4V9.7Z",
};

export function element(name, members = {}, ...children) {
  const made = Object.assign(document.createElement(name), members);
  made.append(...children.filter(Boolean));
  return made;
}

/** How something came out, as a sign beside its words. */
export function sign(outcome) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  for (const [name, value] of Object.entries({ width: 16, height: 16, viewBox: "0 0 16 16", fill: "currentColor", "aria-hidden": true })) {
    svg.setAttribute(name, value);
  }
  path.setAttribute("d", SIGNS[outcome]);
  svg.append(path);
  return svg;
}

/** Where an administrator goes. Nothing but a web address becomes a link. */
export function link(address, text) {
  if (!/^https?:\/\//.test(address)) return undefined;
  return element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, text);
}

/** Fills in `{name}`. */
export function fill(text, values = {}) {
  return text.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}
