// Quick create: a form in a panel over the page, with a script frame of its own while it is open.

import { runOnLoad } from "/pages/form.js";
import { evaluateBar } from "/ribbon-host.js";
import { ScriptFrame } from "/script-frame.js";

/** Resolves when the panel is closed; `savedEntityReference` has the record, if one was saved. */
export function openQuickCreate(entityType) {
  const panel = document.getElementById("quick-create").content.firstElementChild.cloneNode(true);
  const frame = new ScriptFrame();
  document.body.append(panel);
  panel.showModal();
  const scripted = runOnLoad(frame, null, panel.querySelector(".form-notifications")).then(() => evaluateBar("quickcreate", frame));
  return new Promise((resolve) => {
    const close = async (saved) => {
      panel.remove();
      frame.destroy();
      await scripted;
      const name = panel.querySelector("input").value;
      resolve({ savedEntityReference: saved ? [{ entityType, id: null, name }] : [] });
    };
    panel.addEventListener("cancel", () => close(false), { once: true });
    panel.querySelector(".cancel").onclick = () => close(false);
    panel.querySelector("form").onsubmit = (event) => {
      event.preventDefault();
      close(true);
    };
  });
}
