// A customer's HTML web resource in a side pane: it looks for Xrm in the window above, anew each time.

document.getElementById("subject").textContent = new URLSearchParams(location.search).get("data");
try {
  const { userName } = parent.Xrm.Utility.getGlobalContext().userSettings;
  document.getElementById("user").textContent = `Opened by ${userName}.`;
} catch {
  // Not every host lets a web resource reach it.
}
