// A control's one backend (contract §8): its tokens, and `fetch` with them. Nothing is kept here: the broker caches, and whichever broker
// the page has by then is asked.

import { waitForBroker } from "./wait.js";

const CHANGES = ["signedin", "signedout", "configchanged"];

export function tokenClient({ client, scopes }) {
  const getToken = async (options) => {
    const broker = await waitForBroker({ signal: options?.signal });
    return broker.getToken({ scopes, ...options, client });
  };
  return {
    getToken,
    async fetch(input, init) {
      const request = new Request(input, init);
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
    signIn: async (options) => (await waitForBroker({ signal: options?.signal })).signIn(options),
    onChange(listener) {
      const ended = new AbortController();
      waitForBroker(ended).then((broker) => {
        for (const type of CHANGES) broker.addEventListener(type, listener, { signal: ended.signal });
      }, () => {}); // No broker, no changes; `getToken` says so.
      return () => ended.abort();
    },
  };
}

// The claims of an `insufficient_claims` challenge, as JSON text. They are base64, or base64url without its padding.
function challengeOf(header) {
  if (!/insufficient_claims/i.test(header)) return undefined;
  return textOf(/\bclaims\s*=\s*"?([\w+/=-]+)/i.exec(header)?.[1]);
}

// JSON text in base64 or base64url; undefined if it is none.
export function textOf(encoded) {
  try {
    const bytes = atob(encoded.replace(/-/g, "+").replace(/_/g, "/"));
    const text = new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
    JSON.parse(text);
    return text;
  } catch {
    return undefined; // Not one that can be answered: the caller sees the 401.
  }
}
