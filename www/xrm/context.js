// The global context: who, where, and how the app is shown (powerapps.md §5). Made anew on each call, as a script should read it.

import { environment, is, late } from "/environment.js";

const CLIENTS = { web: ["Web", 1], outlook: ["Outlook", 1], mobile: ["Mobile", 3] };

let input = {};

export function globalContext() {
  const { user, organization, version } = environment;
  // powerapps.md §5 [S] switch `client`
  const [client, formFactor] = CLIENTS[environment.switches.client];
  const isMobile = is("client", "mobile");
  // powerapps.md §5 [V] switch `client-state`
  const isOffline = is("client-state", "offline");
  return {
    client: {
      getClient: () => client,
      getClientState: () => (isOffline ? "Offline" : "Online"),
      getFormFactor: () => formFactor,
      isOffline: () => isOffline,
      isNetworkAvailable: () => !isOffline,
    },
    organizationSettings: {
      organizationId: organization.id,
      uniqueName: organization.uniqueName,
      bapEnvironmentId: organization.environmentId,
      organizationGeo: "EUR",
      languageId: 1033,
      ...tenant(),
    },
    userSettings: { userId: `{${user.id.toUpperCase()}}`, userName: user.name, languageId: 1033 }, // powerapps.md §5 [V]: with braces
    getClientUrl: () => location.origin,
    getCurrentAppUrl: () => (isMobile ? null : `${location.origin}/main.aspx?appid=${environment.app.id}`),
    // powerapps.md §4.3 [V] switch `app-setting`
    getCurrentAppSetting: () => is("app-setting", "yes"),
    getCurrentAppName: () => Promise.resolve(environment.app.name),
    getWebResourceUrl: webResourceUrl,
    getVersion: () => "9.2.25112.00188",
    isOnPremise: () => false,
  };
}

/** A relative address with the caching token, so that a browser may keep what it gets. powerapps.md §3.1 [V] */
export function webResourceUrl(name) {
  return `/%7B${environment.version}%7D/WebResources/${name}`;
}

export function pageContext() {
  return { input: { ...input } };
}

/** The page that is open now, in the words of `navigateTo`. */
export function setPage(page) {
  input = page;
}

function tenant() {
  const { id } = environment.tenant;
  // powerapps.md §5 [S] switch `tenant`
  if (is("tenant", "tenantId")) return { tenantId: id };
  if (is("tenant", "absent")) return {};
  return { organizationTenant: is("tenant", "late") && late() ? "" : id };
}
