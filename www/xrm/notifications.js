// Global notifications: lines at the top of the page. They take no focus, and their action runs within the user's click.

const LEVELS = { 1: "success", 2: "error", 3: "warning", 4: "information" };

const lines = new Map();

/** Told of each line, for the demo's counter. */
export const shown = new EventTarget();

export const notifications = {
  async addGlobalNotification(options) {
    const id = crypto.randomUUID();
    lines.set(id, show(id, options));
    shown.dispatchEvent(new Event("notification"));
    return id;
  },
  async clearGlobalNotification(id) {
    lines.get(id)?.remove();
    lines.delete(id);
  },
};

// A click calls the handler within the click, so that it may open a window. powerapps.md §5 [V]
function show(id, { level, message, action, showCloseButton }) {
  const element = document.getElementById("notification").content.firstElementChild.cloneNode(true);
  element.dataset.id = id;
  element.dataset.level = LEVELS[level];
  element.querySelector(".message").textContent = message;
  const button = element.querySelector(".action");
  button.hidden = !action;
  if (action) {
    button.textContent = action.actionLabel;
    button.onclick = () => action.eventHandler();
  }
  const close = element.querySelector(".close");
  close.hidden = !showCloseButton;
  close.onclick = () => notifications.clearGlobalNotification(id);
  document.getElementById("notifications").append(element);
  return element;
}
