// Listeners. Not an EventTarget: events are plain data, which every realm and `JSON.stringify` can read.

export function createListeners() {
  let entries = [];
  const remove = (type, listener) => {
    entries = entries.filter((entry) => entry.type !== type || entry.listener !== listener);
  };
  return {
    add(type, listener, options) {
      const signal = options?.signal;
      if (signal?.aborted || typeof listener !== "function") return;
      const entry = { type, listener };
      // This entry: the listener may have been added again since, with another signal.
      signal?.addEventListener("abort", () => (entries = entries.filter((other) => other !== entry)), { once: true });
      remove(type, listener); // Once each, as with any event target.
      entries.push(entry);
    },
    remove,
    emit(event) {
      for (const entry of entries.filter((entry) => entry.type === event.type)) {
        try {
          entry.listener(Object.freeze({ ...event }));
        } catch (error) {
          reportError(error); // One bad listener hurts neither the others nor the broker.
        }
      }
    },
  };
}
