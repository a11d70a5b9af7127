// What the ribbon's rules and its button come to: whether this app wants the broker, and who is signed in, in a pane of Power Apps. The
// page is a web resource of its own (status.js), which nobody pays for before that click.

import { attempt } from "./attempt.js";
import { lineage, xrmOf } from "./host.js";

/* global PREFIX -- inserted by `cargo xtask dist` */

const PANE = "talxis-broker";

// What notes of rules stand under in the topmost window of this origin, where the status page reads them. Never before somebody needs
// it: a page may have replaced `Symbol.for`.
export const notesKey = () => Symbol.for("talxis.broker.rules");
const LONGEST = 9_999;

// Whether this app wants the broker (powerapps.md §5): only a setting that says no says so.
export function isWanted() {
  return told((context) => context.getCurrentAppSetting(`${PREFIX}_TokenBrokerEnabled`)) !== false;
}

// Which rule was evaluated when and in which frame, and whether Power Apps told the tenant by then. As text, which outlives a frame and
// keeps none alive.
export function note(rule) {
  attempt(() => {
    const [top] = lineage(window);
    const notes = top[notesKey()] ?? "";
    const tenant = told(({ organizationSettings }) => organizationSettings.organizationTenant || organizationSettings.tenantId);
    if (notes.length < LONGEST) top[notesKey()] = `${notes}${Date.now()} ${rule} ${Boolean(tenant)} ${frameElement?.id}\n`;
  });
}

export async function showStatus() {
  const { App, Navigation } = xrm();
  const page = { pageType: "webresource", webresourceName: `${PREFIX}_/tokenbroker/status.html` };
  const panes = App?.sidePanes;
  if (!panes) return Navigation.navigateTo(page, { target: 2 });
  const pane = panes.getPane(PANE) ?? (await panes.createPane({ paneId: PANE, title: "Token Broker", canClose: true, width: 400 }));
  pane.select();
  await pane.navigate(page);
}

// Read each time, as `Xrm` is.
const told = (read) => attempt(() => read(xrm().Utility.getGlobalContext()));

const xrm = () => lineage(window).reverse().map(xrmOf).find(Boolean);
