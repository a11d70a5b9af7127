// A control's one backend (contract §8): its tokens, and `fetch` with them. Nothing is kept here: the broker caches, and whichever broker
// the page has by then is asked.

import { attempt } from "../attempt.js";
import { waitForBroker } from "./wait.js";

const CHANGES = ["configchanged", "signedin", "signedout"];

// `origin` is that of the API: its scopes say it, or else any that is not in the clear.
export function tokenClient({ client, scopes, origin = /^https:..[^/]+|$/.exec(scopes)[0] || "https:/" }) {
  const getToken = async (options) => (await waitForBroker(options)).getToken({ scopes, ...options, client });
  return {
    getToken,
    async fetch(input, init) {
      const request = new Request(input, init);
      // However an address came to be: a token goes to its API only.
      if (!request.url.startsWith(`${origin}/`)) throw new TypeError("No token for this host.");
      const send = async (options) => {
        const { accessToken } = await getToken({ ...options, signal: request.signal });
        const copy = request.clone(); // Its body may have to be sent twice.
        copy.headers.set("Authorization", `Bearer ${accessToken}`);
        return fetch(copy);
      };
      const answer = await send();
      const claims = answer.status === 401 && challengeOf(answer.headers.get("WWW-Authenticate"));
      return claims ? send({ claims }) : answer;
    },
    signIn: async (options) => (await waitForBroker(options)).signIn(options),
    onChange(listener) {
      const ended = new AbortController();
      waitForBroker(ended).then((broker) => {
        for (const type of CHANGES) broker.addEventListener(type, listener, { signal: ended.signal });
      }, () => {}); // No broker, no changes; `getToken` says so.
      return () => ended.abort();
    },
  };
}

// The claims of a challenge, which may not be the first, as JSON text: a parameter of its own, and not within another's value.
function challengeOf(header) {
  return textOf(/^(?:[^"]|"[^"]*")*?\bclaims="?([^",]+)/i.exec(header)?.[1]);
}

// The text of claims in base64, or base64url without its padding; undefined if it is none.
export function textOf(encoded) {
  // What cannot be answered, the caller sees as the 401.
  return attempt(() => {
    const bytes = atob(encoded.replace(/-/g, "+").replace(/_/g, "/"));
    const text = decodeURIComponent(escape(bytes)); // UTF-8, in half the code that a TextDecoder needs.
    return JSON.parse(text).access_token && text;
  });
}
