// The mailbox for one redirect response (contract §5): who may put something into it, and in which ways. Bound by inbox.rs; the
// other end is pkg-template/redirect.js.
//
// The redirect page says which sign-in it answers only by an unguessable id. This end acknowledges, so that the page need not try
// its other ways: the opener, then a storage entry.

const PREFIX = "talxis-broker:";

// Starts listening. The pending record permits the page to leave a storage entry, and nothing else.
export function openInbox(id) {
  const pending = `${PREFIX}pending:${id}`;
  const entry = `${PREFIX}response:${id}`;
  const acknowledgement = { v: 1, ack: true, id };
  const closed = new AbortController();
  // Each of these may be refused, in a sandboxed frame or by the user's settings; the other ways remain.
  const channel = attempt(() => new BroadcastChannel(PREFIX + id));
  const storage = attempt(() => localStorage);
  attempt(() => storage.setItem(pending, '{"v":1}'));

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
  return {
    answer,
    close() {
      closed.abort();
      channel?.close();
      attempt(() => storage.removeItem(pending));
    },
  };
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
