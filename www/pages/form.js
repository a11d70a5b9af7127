// A record's form: seven controls in the main window, and its script library in the script frame.

import { Control } from "/control.js";
import { customControls, customise } from "/custom-control.js";
import { environment, is } from "/environment.js";
import { meter } from "/meter.js";
import { accountOf } from "/pages/accounts.js";
import { firstRule } from "/ribbon-host.js";
import { resolve } from "/script-frame.js";
import { webResourceUrl } from "/xrm/context.js";

// powerapps.md §2 [V]: form scripts run in the script frame, and are named by library and function.
const ON_LOAD = "Contoso.Account.onLoad";

export function createForm({ entityId }, frame) {
  const account = accountOf(entityId);
  const element = document.getElementById("form-page").content.cloneNode(true);
  element.querySelector("h1").textContent = `Account: ${account.name}`;
  element.querySelector(".record-image").textContent = account.name[0];
  const notifications = element.querySelector(".form-notifications");
  const controls = environment.controls.map((settings) => new Control(settings));
  for (const control of controls) control.onChange = () => meter.show(controls);
  const form = element.getElementById("form");
  form.append(...controls.map((control) => control.element));
  const customs = [];
  const place = (custom) => {
    customs.push(custom);
    form.append(custom.element);
    return custom.start();
  };
  customControls().forEach(place);
  const start = () => controls.forEach((control) => control.start());
  // powerapps.md §1.3 [I] switch `controls`
  if (is("controls", "after-rule")) firstRule.then(start);
  else start();
  return {
    element,
    title: `Account: ${account.name}`,
    area: "account",
    bar: "form",
    runScripts: () => runOnLoad(frame, account.id, notifications),
    refresh: start,
    customs,
    customise: (settings) => place(customise(settings)),
    destroy: () => [...controls, ...customs].forEach((control) => control.destroy()),
  };
}

/** Loads a form's libraries into its frame, in their order, and calls its handler; quick create forms too. */
export async function runOnLoad(frame, id, notifications) {
  for (const library of environment.formLibraries) await frame.load(webResourceUrl(library));
  if (!frame.isAlive) return;
  const formContext = {
    data: { entity: { getId: () => id, getEntityName: () => "account" } },
    ui: {
      setFormNotification: (message, level, uniqueId) => notify(notifications, message, level, uniqueId),
      clearFormNotification: (uniqueId) => clear(notifications, uniqueId),
    },
  };
  resolve(frame.window, ON_LOAD)?.({ getFormContext: () => formContext });
}

// One for each id, as `formContext.ui` has it; both say whether they did anything.
function notify(notifications, message, level, uniqueId) {
  clear(notifications, uniqueId);
  const line = document.createElement("p");
  line.textContent = message;
  Object.assign(line.dataset, { level, id: uniqueId });
  notifications.append(line);
  return true;
}

function clear(notifications, uniqueId) {
  const line = [...notifications.children].find(({ dataset }) => dataset.id === uniqueId);
  line?.remove();
  return Boolean(line);
}
