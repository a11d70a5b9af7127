// The app window of a model-driven app, as far as a broker can tell: Xrm, a form with controls, and a hidden frame in
// which the ribbon runs its scripts. The controls do not know about the ribbon and start at once.

import { Control } from "/control.js";
import { Meter } from "/meter.js";
import { installXrm } from "/xrm.js";
import { startRibbon } from "/ribbon-host.js";

const page = await (await fetch("/demo.json")).json();
const meter = new Meter(page);
installXrm({ tenantId: page.tenant.id, onNotification: () => meter.count("Prompts") });

const form = document.getElementById("form");
const controls = page.controls.map((settings) => new Control(settings));
for (const control of controls) {
  form.append(control.element);
  control.onChange = () => meter.show(controls);
  control.start();
}
meter.show(controls);
startRibbon();

document.getElementById("refresh").onclick = () => controls.forEach((control) => control.start());
document.getElementById("sign-out").onclick = () => window.talxisBroker?.signOut();

window.addEventListener("talxisbroker", () => {
  const broker = window.talxisBroker;
  const who = document.getElementById("who");
  const show = () => {
    const account = broker.account;
    who.textContent = account ? initials(account.name ?? account.username) : "–";
    who.title = account ? account.username : "Not signed in";
  };
  broker.addEventListener("signedin", show);
  broker.addEventListener("signedout", show);
  show();
});

function initials(name) {
  return name.split(/\s+/).map((word) => word[0]).join("").slice(0, 2).toUpperCase();
}
