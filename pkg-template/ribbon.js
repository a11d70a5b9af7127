// What the ribbon's rules and its button come to: whether this app wants the broker, and who is signed in, in a pane of Power Apps. The page is a web resource of its own (status.js), which
// nobody pays for before that click.

import { lineage, xrmOf } from "./host.js";
import { prompt as languages } from "./texts.js"; // Made of texts/ by `cargo xtask dist`.

/* global PREFIX -- inserted by `cargo xtask dist` */

const PANE = "talxis-broker";

// Whether this app wants the broker (powerapps.md §5): only a setting that says no says so. Read each time, as `Xrm` is.
export function isWanted() {
  try {
    return xrm().Utility.getGlobalContext().getCurrentAppSetting(`${PREFIX}_TokenBrokerEnabled`) !== false;
  } catch {
    return true;
  }
}

export async function showStatus() {
  const { App, Navigation, Utility } = xrm();
  const page = { pageType: "webresource", webresourceName: `${PREFIX}_/tokenbroker/status.html` };
  const panes = App?.sidePanes;
  if (!panes) return Navigation.navigateTo(page, { target: 2 });
  const lcid = Utility.getGlobalContext().userSettings.languageId;
  const { title } = Object.values(languages).find((texts) => texts.lcid === lcid) ?? languages.en;
  const pane = panes.getPane(PANE) ?? (await panes.createPane({ paneId: PANE, title, canClose: true, width: 360 }));
  pane.select();
  await pane.navigate(page);
}

const xrm = () => lineage(window).reverse().map(xrmOf).find(Boolean);
