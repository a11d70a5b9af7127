// The app window of a model-driven app, as far as a broker can tell, in the order in which Unified Interface starts: what it knows of
// the user, Xrm, the first page with its controls, and then, when it likes, the ribbon. Controls do not know about the ribbon.

import { meter } from "/meter.js";
import { installPreload } from "/preload.js";
import { evaluateGlobalBar, evaluations } from "/ribbon-host.js";
import { installLateXrm, installXrm } from "/xrm/xrm.js";
import { currentPage, openFirstPage, openForm, refreshBar } from "/pages.js";

installPreload(window);
installXrm(window);
openFirstPage();
document.body.dataset.ready = ""; // For tests: from here on the page can be used.
evaluateGlobalBar().then(installLateXrm);

// For tests, and for nobody in the app.
window.lookalike = { evaluations, customise: (settings) => currentPage().customise(settings), customs: () => currentPage().customs };

document.getElementById("refresh").onclick = () => {
  currentPage().refresh?.();
  evaluateGlobalBar();
  refreshBar();
};
document.getElementById("new").onclick = () => openForm({ entityName: "account", useQuickCreateForm: true });
document.getElementById("open-pane").onclick = async () => {
  const pane = await window.Xrm.App.sidePanes.createPane({ title: "Customer card", paneId: "customer-card" });
  await pane.navigate({ pageType: "webresource", webresourceName: "contoso_/card.html", data: document.title });
};
document.getElementById("sign-out").onclick = () => window.talxisBroker?.signOut();

window.addEventListener("talxisbroker", () => {
  const broker = window.talxisBroker;
  broker.addEventListener("signedin", () => {
    meter.signedIn();
    showAccount(broker.account);
  });
  broker.addEventListener("signedout", () => showAccount(null));
});

function showAccount(account) {
  const who = document.getElementById("who");
  who.textContent = account ? initials(account.name ?? account.username) : "–";
  who.title = account ? account.username : "Not signed in";
}

function initials(name) {
  return name.split(/\s+/).map((word) => word[0]).join("").slice(0, 2).toUpperCase();
}
