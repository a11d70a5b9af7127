// As much of Xrm as a broker and the demo's controls use, with the shapes of the real one.

const LEVELS = { 1: "success", 2: "error", 3: "warning", 4: "information" };

export function installXrm({ tenantId, onNotification }) {
  const version = `{${Date.now()}}`; // The caching token in addresses of web resources; it changes on each publish.
  const globalContext = {
    client: { getClient: () => "Web", getClientState: () => "Online", getFormFactor: () => 1 },
    organizationSettings: { organizationTenant: tenantId, uniqueName: "contoso", languageId: 1033 },
    userSettings: { userId: "{5A0E0000-0000-4000-8000-000000000001}", userName: "Sales user", languageId: 1033 },
    getClientUrl: () => location.origin,
    getCurrentAppUrl: () => `${location.origin}/main.aspx`,
    getWebResourceUrl: (name) => `/${encodeURIComponent(version)}/WebResources/${name}`,
  };
  const notifications = new Map();
  window.Xrm = {
    Utility: { getGlobalContext: () => globalContext },
    App: {
      async addGlobalNotification(options) {
        const id = crypto.randomUUID();
        notifications.set(id, showNotification(id, options));
        onNotification();
        return id;
      },
      async clearGlobalNotification(id) {
        notifications.get(id)?.remove();
        notifications.delete(id);
      },
    },
  };
}

// A click calls the handler within the click, so that it may open a window.
function showNotification(id, { level, message, action, showCloseButton }) {
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
  close.onclick = () => element.remove();
  document.getElementById("notifications").append(element);
  return element;
}
