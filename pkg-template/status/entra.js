// Whether Entra knows the redirect URI: asked in a hidden frame of the app's window with `prompt=none`, which shows nobody anything and
// starts no consent. The code challenge is random, so nobody knows a verifier for it, and a code that comes back is good for nothing; it is
// not even looked at.

import { isRefused } from "./context.js";

// As for the broker's own frame (silent.rs). A page that refuses to be framed never answers.
const ANSWER_MS = 6_000;
const LEAST = 100;

export const redirect = {
  async look(context) {
    const { host, taken, redirectUri } = context;
    const { clientId, authority, tenant } = taken();
    if (!clientId || !tenant) return { asked: false };
    const uri = redirectUri();
    const id = hex(16);
    const channel = new BroadcastChannel(`talxis-broker:${id}`);
    const answer = new Promise((resolve) => {
      channel.onmessage = ({ data }) => {
        if (data?.v !== 1 || typeof data.payload !== "string") return;
        channel.postMessage({ v: 1, ack: true, id });
        const error = new URLSearchParams(data.payload).get("error");
        resolve(/^\w+$/.test(error ?? "") ? error : "code");
      };
    });
    const frame = host.document.createElement("iframe");
    frame.hidden = true;
    frame.title = "Sign-in check";
    frame.sandbox = "allow-scripts allow-same-origin allow-forms"; // As the broker's own (page.js).
    frame.src = authorizeUrl(context, { prompt: "none", state: `${id}.` });
    const leave = () => frame.remove();
    window.addEventListener("pagehide", leave);
    host.document.body.append(frame);
    // A refusal by policy says so at once; Entra's own error page says nothing that could be read here.
    const refused = isRefused(context, "frame-src", authority, ANSWER_MS);
    const seen = await Promise.race([answer, refused]);
    window.removeEventListener("pagehide", leave);
    leave();
    channel.close();
    if (typeof seen === "string") return { asked: true, uri, answer: seen };
    return { asked: true, uri, answer: null, refused: seen, reachable: await reaches(context) };
  },
  judge({ asked, uri, answer, refused, reachable }) {
    const unknown = (why) => ({ outcome: "unknown", seen: [[why]], todo: [[why]] });
    if (!asked) return unknown("notAsked");
    if (answer) return { outcome: "ok", seen: [["answered", { answer }]], todo: [] };
    if (refused) return unknown("policy");
    if (!reachable) return unknown("unreachable");
    return { outcome: "failed", seen: [["silent"]], todo: [["register"], ["code", { code: uri }]] };
  },
};

/** An authorization request of the broker's registration that no code can come of; undefined before the broker has a configuration. */
export function authorizeUrl({ taken, redirectUri }, more) {
  const { clientId, authority, tenant } = taken();
  if (!clientId || !tenant) return undefined;
  const query = new URLSearchParams({
    client_id: clientId, response_type: "code", response_mode: "fragment", redirect_uri: redirectUri(), scope: "openid", nonce: hex(16),
    code_challenge: challenge(), code_challenge_method: "S256", state: `${hex(16)}.`, ...more,
  });
  return `${authority}/${tenant}/oauth2/v2.0/authorize?${query}`;
}

// Whether Entra answers at all, from the app's window.
async function reaches({ fetch, taken }) {
  const { authority, tenant } = taken();
  const answer = await fetch(`${authority}/${tenant}/v2.0/.well-known/openid-configuration`).catch(() => undefined);
  return Boolean(answer?.ok && (await answer.text().catch(() => "")).length > LEAST);
}

function hex(bytes) {
  return [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// What a SHA-256 digest looks like.
function challenge() {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32)))).replace(/[+/=]/g, (sign) => ({ "+": "-", "/": "_", "=": "" })[sign]);
}
