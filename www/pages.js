// The pages of the app and how one follows the other: forms, grids and dashboards change within the one document, as Unified
// Interface changes them. With each comes a script frame of its own, and with each one goes.

import { evaluateBar, evaluateGlobalBar } from "/ribbon-host.js";
import { ScriptFrame } from "/script-frame.js";
import { setPage } from "/xrm/context.js";
import { renewXrm } from "/xrm/xrm.js";
import { createDashboard } from "/pages/dashboard.js";
import { createForm } from "/pages/form.js";
import { createGrid } from "/pages/grid.js";
import { openQuickCreate } from "/pages/quick-create.js";

const PAGES = { entityrecord: createForm, entitylist: createGrid, dashboard: createDashboard };

let current;

/** `Xrm.Navigation.navigateTo`: resolves when the page's scripts ran. */
export async function navigateTo(input) {
  history.pushState(input, "", addressOf(input));
  await show(input);
}

/** `Xrm.Navigation.openForm`: a record's form, or quick create in a panel over the page. */
export function openForm({ entityName, entityId, useQuickCreateForm = false }) {
  return useQuickCreateForm ? openQuickCreate(entityName) : navigateTo({ pageType: "entityrecord", entityName, entityId });
}

/** The page that the address names, first thing after the app is loaded; comes back before any script of it runs. */
export function openFirstPage() {
  const input = inputOf(new URLSearchParams(location.search));
  history.replaceState(input, "");
  addEventListener("popstate", ({ state }) => show(state ?? input));
  document.addEventListener("click", followLink);
  open(input);
}

/** What the commands of the page's bar act on. */
export const currentPage = () => current;

async function show(input) {
  renewXrm();
  const page = open(input);
  await page.frame.ready;
  evaluateGlobalBar({ navigated: true });
  await page.scripted;
}

function open(input) {
  const leaving = current;
  setPage(input);
  const frame = new ScriptFrame();
  const page = PAGES[input.pageType](input, frame);
  current = page;
  page.frame = frame;
  document.getElementById("page").replaceChildren(page.element);
  document.title = page.title;
  for (const link of document.querySelectorAll(".site-map a")) {
    const isCurrent = link.dataset.area === page.area;
    if (isCurrent) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  leaving?.destroy();
  leaving?.frame.destroy();
  // Form load: scripts, then the bar. powerapps.md §1.3 [S/I] switch `re-evaluation`
  page.scripted = page.runScripts().then(() => evaluateBar(page.bar, frame));
  return page;
}

/** A selection, or the user's Refresh. */
export function refreshBar() {
  return evaluateBar(current.bar, current.frame);
}

function followLink(event) {
  const link = event.target.closest?.("a[data-area], a[data-page]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  navigateTo(inputOf(new URL(link.href).searchParams));
}

function inputOf(query) {
  const pageType = query.get("pagetype") ?? "entityrecord";
  if (pageType === "entitylist") return { pageType, entityName: "account" };
  if (pageType === "dashboard") return { pageType };
  return { pageType: "entityrecord", entityName: "account", entityId: query.get("id") ?? "1" };
}

/** The address of a page, in main.aspx's words. */
export function addressOf({ pageType, entityName, entityId }) {
  const query = new URLSearchParams({ pagetype: pageType });
  if (entityName) query.set("etn", entityName);
  if (entityId) query.set("id", entityId);
  return `/main.aspx?${query}`;
}
