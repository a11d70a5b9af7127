// Alert and confirm dialogs (powerapps.md §5). They always open in the main window, whichever frame asked, and take the focus until
// they are answered.

import { environment } from "/environment.js";

const TEXTS = { ok: "OK", cancel: "Cancel" };

/** Resolves however it was closed: ESC too. powerapps.md §5 [V] */
export async function openAlertDialog({ text, title, confirmButtonLabel = TEXTS.ok }, size) {
  await show({ text, title, size, buttons: [[confirmButtonLabel, true]] });
}

/** Tells whether the user confirmed; ESC and Cancel do not. powerapps.md §5 [V] */
export async function openConfirmDialog(strings, size) {
  const { text, title, subtitle, confirmButtonLabel = TEXTS.ok, cancelButtonLabel = TEXTS.cancel } = strings;
  const buttons = [[confirmButtonLabel, true], [cancelButtonLabel, false]];
  return { confirmed: await show({ text, title, subtitle, size, buttons }) };
}

function show({ text, title, subtitle, size, buttons }) {
  const dialog = document.getElementById("dialog").content.firstElementChild.cloneNode(true);
  const id = crypto.randomUUID();
  for (const [selector, content] of [["h2", title], [".subtitle", subtitle], [".text", text]]) {
    const element = dialog.querySelector(selector);
    element.textContent = content ?? "";
    element.hidden = !content;
    element.id = `${selector.replace(".", "")}-${id}`;
  }
  dialog.setAttribute("aria-labelledby", title ? `h2-${id}` : `text-${id}`);
  dialog.setAttribute("aria-describedby", `text-${id}`);
  if (size?.width) dialog.style.width = `${size.width}px`;
  if (size?.height) dialog.style.height = `${size.height}px`;
  return new Promise((resolve) => {
    const answer = (value) => {
      dialog.remove();
      // powerapps.md §5 [I] switch `dialog`
      const ms = Number(environment.switches.dialog);
      if (ms > 0) setTimeout(resolve, ms, value);
      else resolve(value);
    };
    dialog.addEventListener("cancel", () => answer(false), { once: true });
    dialog.querySelector("footer").append(
      ...buttons.map(([label, value]) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = label;
        if (value) button.className = "primary";
        button.onclick = () => answer(value);
        return button;
      }),
    );
    document.body.append(dialog);
    dialog.showModal(); // The rest of the page is inert until it is gone.
  });
}
