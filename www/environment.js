// What main.aspx carries in itself in reality: the organisation, the user, the version token, and the look-alike's switches.
// One request per page load, like the page; nothing of it is asked for again.

export const environment = await (await fetch("/demo.json")).json();

/** Whether a switch of switches.json has a value in this page load. */
export function is(name, value) {
  if (!(name in environment.switches)) throw new Error(`There is no switch ${name} in switches.json.`);
  return environment.switches[name] === value;
}

/** How long what arrives late is away, counted from the start of the page load. */
export const late = () => performance.now() < 5_000;
