// The main grid of accounts: no form, no controls, and a command bar that looks at its rules again with each selection.

import { meter } from "/meter.js";
import { addressOf, refreshBar } from "/pages.js";
import { accounts } from "/pages/accounts.js";

export function createGrid() {
  const element = document.getElementById("grid-page").content.cloneNode(true);
  element.querySelector("tbody").append(...accounts.map(rowOf));
  meter.show([]);
  return { element, title: "Accounts", area: "account", bar: "grid", runScripts: async () => {}, destroy() {} };
}

function rowOf({ id, name, city }) {
  const row = document.getElementById("grid-row").content.firstElementChild.cloneNode(true);
  const select = row.querySelector("input");
  select.setAttribute("aria-label", `Select ${name}`);
  select.onchange = refreshBar;
  const link = row.querySelector("a");
  link.href = addressOf({ pageType: "entityrecord", entityName: "account", entityId: id });
  link.dataset.page = id;
  link.textContent = name;
  row.querySelector(".city").textContent = city;
  return row;
}
