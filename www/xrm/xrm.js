// `Xrm`, with the shapes of the real one as far as a broker and the look-alike's own scripts use it. Every window has an object of its
// own; behind each are the same notifications, dialogs and pages of the main window.

import { is } from "/environment.js";
import { notifications } from "/xrm/notifications.js";
import { globalContext, pageContext } from "/xrm/context.js";
import { openAlertDialog, openConfirmDialog } from "/xrm/dialogs.js";
import { sidePanes } from "/xrm/side-panes.js";
import { webApi } from "/xrm/web-api.js";
import { navigateTo, openForm } from "/pages.js";

// Windows that wait for theirs, and revocable ones that are out.
let waiting = is("xrm", "after-rule") ? [] : undefined;
let revocations = [];

/** Gives a window its Xrm: now, or after the first rule. */
export function installXrm(target) {
  // powerapps.md §10.7 [U] switch `xrm`
  if (waiting) waiting.push(target);
  else target.Xrm = createXrm();
}

/** The first rule was evaluated. */
export function installLateXrm() {
  const targets = waiting ?? [];
  waiting = undefined;
  for (const target of targets) if (target) target.Xrm = createXrm();
}

/** A navigation: who kept an Xrm holds a stale one. */
export function renewXrm() {
  // powerapps.md §2 [S] switch `xrm-lifetime`
  if (is("xrm-lifetime", "page-load") || waiting) return;
  const stale = revocations;
  revocations = [];
  window.Xrm = createXrm();
  const frames = document.querySelectorAll("iframe[id^=ClientApiFrame_]");
  for (const { contentWindow } of frames) if (contentWindow.Xrm) contentWindow.Xrm = createXrm();
  for (const revoke of stale) revoke();
}

function createXrm() {
  const online = webApi();
  const xrm = {
    Utility: { getGlobalContext: globalContext, getPageContext: pageContext },
    Navigation: { openAlertDialog, openConfirmDialog, navigateTo, openForm },
    App: { ...notifications, sidePanes },
    WebApi: { ...online, online },
  };
  if (is("xrm-lifetime", "page-load")) return xrm;
  const { proxy, revoke } = Proxy.revocable(xrm, {});
  revocations.push(revoke);
  return proxy;
}
