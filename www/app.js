// The app window of a model-driven app, as far as a broker can tell: Xrm, a form with controls, and a hidden frame in
// which the ribbon runs its scripts. The controls do not know about the ribbon and start at once.

import { Control } from "/control.js";
import { Meter } from "/meter.js";
import { installXrm } from "/xrm.js";
import { startRibbon } from "/ribbon-host.js";

const page = await (await fetch("/demo.json")).json();
const meter = new Meter(page);
installXrm({ tenantId: page.tenant.id, onNotification: () => meter.count("Prompts") });

let signIns = 0;
const form = document.getElementById("form");
const controls = page.controls.map((settings) => new Control(settings));
const show = () => meter.show(controls, signIns);
for (const control of controls) {
  form.append(control.element);
  control.onChange = show;
  control.start();
}
startRibbon();

document.getElementById("refresh").onclick = () => controls.forEach((control) => control.start());
document.getElementById("sign-out").onclick = () => window.talxisBroker?.signOut();

window.addEventListener("talxisbroker", () => {
  const broker = window.talxisBroker;
  broker.addEventListener("signedin", () => {
    signIns += 1;
    showAccount(broker.account);
  });
  broker.addEventListener("signedout", () => showAccount(null));
});

function showAccount(account) {
  const who = document.getElementById("who");
  who.textContent = account ? initials(account.name ?? account.username) : "–";
  who.title = account ? account.username : "Not signed in";
  show();
}

function initials(name) {
  return name.split(/\s+/).map((word) => word[0]).join("").slice(0, 2).toUpperCase();
}
