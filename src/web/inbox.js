// The mailbox for one redirect response (contract §5): who may put something into it, and in which ways. Bound by inbox.rs; the
// other end is pkg-template/redirect.js.
//
// The redirect page says which sign-in it answers only by an unguessable id. This end acknowledges, so that the page need not try
// its other ways: the opener, then a storage entry.

const PREFIX = "talxis-broker:";
const OLD_MS = 3_600_000;

// Starts listening. The pending record permits the page to leave a storage entry, and nothing else.
export function openInbox(hooks, id) {
  const pending = `${PREFIX}pending:${id}`;
  const entry = `${PREFIX}response:${id}`;
  const acknowledgement = { v: 1, ack: true, id };
  const closed = new AbortController();
  // Each of these may be refused, in a sandboxed frame or by the user's settings; the other ways remain.
  const channel = attempt(() => new BroadcastChannel(PREFIX + id));
  const storage = attempt(() => localStorage);
  attempt(() => forgetOld(storage));
  attempt(() => storage.setItem(pending, JSON.stringify({ v: 1, at: Date.now() })));

  const answer = new Promise((resolve) => {
    const on = (target, type, react) => target?.addEventListener(type, react, { signal: closed.signal });
    // Only this origin can reach the channel, and only who knows the id can name it.
    on(channel, "message", ({ data }) => {
      if (!isResponse(data)) return;
      channel.postMessage(acknowledgement);
      resolve(data.payload);
    });
    // Any window may post here, so origin and id must be right.
    on(window, "message", ({ origin, source, data }) => {
      if (origin !== location.origin || data?.id !== id || !isResponse(data)) return;
      attempt(() => source.postMessage(acknowledgement, origin));
      resolve(data.payload);
    });
    // The reader deletes; the text comes with the event.
    on(window, "storage", ({ key, newValue }) => {
      const data = key === entry && attempt(() => JSON.parse(newValue));
      if (!isResponse(data)) return;
      attempt(() => storage.removeItem(entry));
      resolve(data.payload);
    });
  });
  const close = () => {
    closed.abort();
    channel?.close();
    attempt(() => storage.removeItem(pending));
  };
  // A dead instance must not take, and acknowledge, what nobody reads any more.
  hooks.ended?.addEventListener("abort", close, { signal: closed.signal });
  return { answer, close };
}

// A tab that was closed in the middle of a sign-in leaves its record behind.
function forgetOld(storage) {
  for (const key of Object.keys(storage)) {
    if (!key.startsWith(`${PREFIX}pending:`)) continue;
    const at = attempt(() => JSON.parse(storage.getItem(key)).at);
    if (!(Date.now() - at < OLD_MS)) storage.removeItem(key);
  }
}

function isResponse(data) {
  return data?.v === 1 && typeof data.payload === "string";
}

// What throws is absent.
function attempt(run) {
  try {
    return run();
  } catch {
    return undefined;
  }
}
