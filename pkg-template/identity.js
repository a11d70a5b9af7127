// Who uses Power Apps, and where (powerapps.md §5). `Xrm` is untyped, partly undocumented, and appears and changes while the page
// lives: it is read anew on each call, and whatever is missing, throws or has another type is absent. What the page does not say is asked
// of the Web API once. Tokens are served only to the user whom this file names, so it waits rather than guesses.

import { attempt, parse } from "./attempt.js";
import { ask } from "./dataverse.js";
import { failure } from "./errors.js";
import { lineage } from "./host.js";

const KEPT = "talxis-broker:user";
// How long values may be late before the Web API is asked.
const LATE_MS = 1_000;
const LOOK_MS = 50;

export function createIdentity() {
  let answer; // What the Web API said: { userId, tenant, objectId, loginHint }.
  let asking;
  let first; // Who used Power Apps when this page began.

  // For this user only; as long as Power Apps names none, for whom the Web API named.
  const answered = (userId) => {
    if (answer?.userId !== userId && userId) answer = kept(userId);
    return answer;
  };

  // Whose page it is, as far as that is known now.
  function user() {
    const user = userId();
    first ??= user;
    const more = answered(user);
    // A user who came later and is not known yet is nobody who is known: this id is of no account.
    const stranger = user !== first ? user : undefined;
    return {
      tenant: id(() => organization().organizationTenant) ?? id(() => organization().tenantId) ?? more?.tenant,
      objectId: id(() => window.__preload.aadObjectId) ?? more?.objectId ?? stranger,
    };
  }

  // What is known now. `mobile` and `offline` are as Power Apps says; a browser that is offline is offline in any case.
  function facts() {
    return {
      ...user(),
      loginHint: text(() => window.__preload.aadLoginHint) ?? answered(userId())?.loginHint,
      clientUrl: environment(),
      mobile: text(() => client().getClient()) === "Mobile",
      framed: isFramed(),
      offline: offline(),
      hidden: document.hidden,
    };
  }

  const complete = () => {
    const { tenant, objectId } = user();
    return Boolean(tenant && objectId);
  };
  // What the Web API did not say in an answer it does not say in the next one.
  const done = () => complete() || answered(userId());

  async function complement() {
    for (const end = Date.now() + LATE_MS; !done() && !offline() && Date.now() < end; ) await pause(LOOK_MS);
    if (done() || offline()) return;
    const read = async (query) => {
      const { status, body } = await ask(environment(), query);
      // Refused or not there is an answer; anything else may pass, and must not stand for "nobody".
      if (![200, 403, 404].includes(status)) throw failure("network", `Dataverse answered ${status} when asked who its user is.`);
      return body ?? {};
    };
    const user = userId() ?? guid((await read("WhoAmI")).UserId);
    if (!user) return void (answer = {}); // Not Power Apps.
    const [person, organization] = await Promise.all([
      read(`systemusers(${user})?$select=azureactivedirectoryobjectid,windowsliveid,internalemailaddress`),
      read("RetrieveCurrentOrganization(AccessType=Microsoft.Dynamics.CRM.EndpointAccessType'Default')"),
    ]);
    answer = {
      userId: user,
      tenant: id(() => organization.Detail.TenantId),
      objectId: id(() => person.azureactivedirectoryobjectid),
      loginHint: hintOf(person),
    };
    attempt(() => sessionStorage.setItem(KEPT, JSON.stringify({ v: 1, ...answer })));
  }

  return {
    facts,
    user,
    complete,
    // Resolves when the user is known, or cannot be known for now.
    async known() {
      if (done()) return;
      asking ??= complement().catch(() => {}).finally(() => (asking = undefined));
      await asking;
    },
  };
}

// A guest's sign-in name here is a made-up one.
function hintOf({ windowsliveid, internalemailaddress }) {
  const name = text(() => windowsliveid);
  return name && !name.includes("#EXT#") ? name : text(() => internalemailaddress);
}

// Where the packaged redirect page and the Web API lie. Another origin than the page's own could never send a response back.
export function environment() {
  const url = text(() => context().getClientUrl()) ?? "";
  const sameOrigin = url === location.origin || url.startsWith(`${location.origin}/`);
  return sameOrigin ? url.replace(/\/+$/, "") : location.origin;
}

export function offline() {
  return navigator.onLine === false || text(() => client().getClientState()) === "Offline";
}

// Whether a page of another origin shows the app.
function isFramed() {
  const [top] = lineage(window);
  return top?.parent !== top;
}

const context = () => window.Xrm.Utility.getGlobalContext();
const client = () => context().client;
const organization = () => context().organizationSettings;
// With braces there, without at the Web API.
const userId = () => id(() => context().userSettings.userId);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// What is no GUID names nobody.
function id(read) {
  return guid(text(read));
}

function guid(value) {
  return /^\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?$/i.exec(value)?.[1].toLowerCase();
}

function kept(userId) {
  const kept = parse(attempt(() => sessionStorage.getItem(KEPT)));
  return kept?.v === 1 && kept.userId === userId ? kept : undefined;
}

function text(read) {
  const value = attempt(read);
  return typeof value === "string" && value ? value : undefined;
}
