// `TALXIS.Utils.TokenManagement` (contract §2; powerapps.md §0), for consumers who know scopes and tokens and no control clients, and
// where they look for it. A token that they hand over is only looked up: it never leaves the page.

import { attempt } from "./attempt.js";
import { failure, settle } from "./errors.js";
import { own } from "./host.js";

const MOST = 256;

export function createTokenManagement({ getToken }, clients) {
  return Object.freeze({
    getAccessToken: (scopes, force) => settle(async () => {
      const client = await clients.ofScopes([].concat(scopes ?? []).join(" "));
      return (await getToken({ client, forceRefresh: force === true })).accessToken;
    }),
    getAccessTokenObo: (token, scopes, force) => settle(async () => {
      const { client, owner } = await clients.ofToken(token);
      const wanted = [].concat(scopes ?? []);
      if (!wanted.length) throw failure("scope_not_allowed", "`scopes` must name a permission of the backend.");
      const result = await getToken({ client, scopes: wanted, forceRefresh: force === true });
      if (result.account.homeAccountId !== owner) throw notOurs();
      return result.accessToken;
    }),
  });
}

// Which control client a scope or a token means. The host's.
export function createClients(engine) {
  // Digests of the client tokens that were handed out, not their texts: expired ones are to be known too.
  const handedOut = new Map();
  return Object.freeze({
    async handOut(result) {
      const { accessToken, clientId, account } = await result;
      const digest = await digestOf(accessToken);
      handedOut.delete(digest); // So that the oldest stands first.
      handedOut.set(digest, { client: clientId, owner: account.homeAccountId });
      if (handedOut.size > MOST) handedOut.delete(handedOut.keys().next().value);
      return result;
    },
    // Scopes as one text, separated by spaces.
    async ofScopes(scopes) {
      await engine.ready();
      const listed = engine.clients();
      if (!scopes) {
        if (listed.default) return "default";
        throw failure("config_invalid", "The configuration has no `clients.default`, which a call without scopes means.");
      }
      // A scope is of the client that it names, whoever lists it: lists of other solutions are not judged here (scope.rs, `is_of_client`).
      const isListed = (scope) => Object.values(listed).some((client) => client?.scope === scope);
      const idOf = (scope) => (isListed(scope) ? /([\da-f-]{36})\/[^/]+$/i : /^api:\/\/([\da-f-]{36})\/./i).exec(scope)?.[1];
      const [id, ...others] = new Set(scopes.split(" ").map((scope) => idOf(scope)?.toLowerCase()));
      if (id && !others.length) return id;
      throw failure("client_not_allowed", "The scopes must name one control client, like \"api://<its client id>/access_as_user\".");
    },
    async ofToken(token) {
      const client = handedOut.get(await digestOf(token));
      if (client) return client;
      throw notOurs();
    },
  });
}

function notOurs() {
  return failure("client_not_allowed", "This is no client token of this user: get one with getAccessToken().");
}

async function digestOf(text) {
  return new Uint32Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).join();
}

// Puts members where consumers look, unless something is there; `alias` may go: a frame's own member ends with that frame, the host's
// does not. Parents that are missing are made; where nothing can be put, nothing is.
export function install(target, members, alias) {
  try {
    const utils = namespace(target, namespace(target, target, "TALXIS"), "Utils");
    for (const name of Object.keys(members)) {
      if (Object.hasOwn(utils, name) && (!alias || utils[name] !== alias)) continue;
      Object.defineProperty(utils, name, { __proto__: null, value: members[name], enumerable: true, configurable: true });
    }
  } catch {
    // Of another origin, or another vendor's that takes nothing.
  }
}

function namespace(target, owner, name) {
  if (!Object.hasOwn(owner, name)) {
    // Open to other scripts, and of the realm in which it stays.
    Object.defineProperty(owner, name, {
      __proto__: null, value: new target.Object(), writable: true, enumerable: true, configurable: true,
    });
  }
  return owner[name];
}

// For diagnostics: whose it is.
export function stateOf(target, tokenManagement) {
  const found = attempt(() => target.TALXIS.Utils.TokenManagement);
  return found === tokenManagement ? "ours" : found ? "foreign" : "missing";
}
