// A dashboard: a page without a table, where no rule of a form or grid applies.

import { meter } from "/meter.js";
import { accounts } from "/pages/accounts.js";

export function createDashboard() {
  const element = document.getElementById("dashboard-page").content.cloneNode(true);
  element.querySelector("#account-count").textContent = accounts.length;
  meter.show([]);
  return { element, title: "Sales dashboard", area: "dashboard", bar: "dashboard", runScripts: async () => {}, destroy() {} };
}
