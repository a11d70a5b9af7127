// What contract §6 costs by itself: nothing but the reading of a session that is kept as the broker keeps one, half of its key in a
// session cookie and half in IndexedDB, where it cannot be exported. No reload can give a token sooner.

(() => {
  const NAME = "floor";
  const STORE = "vault";
  const SIZE = 6_000; // Bytes, as of a session with a few tokens.
  const bytes = (text) => new TextEncoder().encode(text);

  async function keyOf(secret) {
    const salt = bytes(/(?:^|; )floor=([0-9a-f]{64})/.exec(document.cookie)[1]);
    return crypto.subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt, info: bytes(NAME) }, secret, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  }

  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = reject;
  });

  async function read() {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    const database = await done(opening);
    try {
      const store = database.transaction(STORE).objectStore(STORE);
      const [secret, kept] = await Promise.all([done(store.get("secret")), done(store.get("session"))]);
      if (!kept) return await make(database);
      const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: kept.iv }, await keyOf(secret), kept.sealed);
      return { fromCache: plain.byteLength === SIZE };
    } finally {
      database.close();
    }
  }

  async function make(database) {
    document.cookie = `floor=${"5a".repeat(32)}; Path=/; SameSite=Strict; Secure`;
    const secret = await crypto.subtle.importKey("raw", crypto.getRandomValues(new Uint8Array(32)), "HKDF", false, ["deriveKey"]);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await keyOf(secret), new Uint8Array(SIZE));
    const store = database.transaction(STORE, "readwrite").objectStore(STORE);
    store.put(secret, "secret");
    await done(store.put({ iv, sealed }, "session"));
    return { fromCache: false };
  }

  const reading = read();
  window.floor = () => reading;
})();
