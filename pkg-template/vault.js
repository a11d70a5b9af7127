// Where the session is kept between page loads (contract §6): encrypted, in IndexedDB. `session`: half of the key is in a session cookie
// and half cannot be exported, so that nobody can read it once the browser's session has ended. `persistent`: without the cookie.
// It keeps what it is given and judges nothing. Against scripts of this origin it is no protection, and claims none (SECURITY.md).

const NAME = "talxis-broker";
const STORE = "vault";
const LATE_MS = 2_000;
// With the prefix nobody sets it for us from another host below the same domain, for longer than the browser's session (RFC 6265bis §4.1.3.2).
const COOKIE = location.protocol === "https:" ? `__Host-${NAME}` : NAME;

export function createVault() {
  let work = Promise.resolve();
  const vault = {
    available: true,
    // What it takes to open the database for the first time can go on beside other work.
    begin: () => void open().then((database) => database.close(), () => {}),
    // What was kept under a name; undefined if there is nothing that can be read.
    load: (mode, name) => next((late) => load(mode, name, late)),
    // Keeps this instead of what was kept; null keeps nothing.
    save: (mode, name, value) => next((late) => save(mode, name, value, late)),
    // Keeps nothing under the names that are old.
    forget: (isOld) => next(() => forget(isOld)),
  };
  // One after the other: the last word counts. Where nothing can be stored, everything else goes on.
  function next(task) {
    work = work.then(() => inTime(task)).then(
      (value) => {
        vault.available = true;
        return value;
      },
      () => void (vault.available = false),
    );
    return work;
  }
  return vault;
}

async function load(mode, name, late) {
  const database = await open();
  try {
    const kept = await transact(database, "readonly", (store) => store.get(name));
    if (!kept) return undefined;
    try {
      const key = await keyOf(database, mode, false);
      const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: kept.iv }, key, kept.sealed);
      return JSON.parse(new TextDecoder().decode(plain));
    } catch {
      // Of another browser session, or not ours at all.
      if (!late.aborted) await transact(database, "readwrite", (store) => store.delete(name));
      return undefined;
    }
  } finally {
    database.close();
  }
}

async function save(mode, name, value, late) {
  const database = await open();
  try {
    if (!value || mode === "memory") return void (await transact(database, "readwrite", (store) => store.delete(name)));
    const key = await keyOf(database, mode, true);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, new TextEncoder().encode(JSON.stringify(value)));
    if (!late.aborted) await transact(database, "readwrite", (store) => store.put({ iv, sealed }, name));
  } finally {
    database.close();
  }
}

async function forget(isOld) {
  const database = await open();
  try {
    const names = await transact(database, "readonly", (store) => store.getAllKeys());
    for (const name of names.filter(isOld)) await transact(database, "readwrite", (store) => store.delete(name));
  } finally {
    database.close();
  }
}

async function keyOf(database, mode, make) {
  const salt = mode === "session" ? cookie(make) : new Uint8Array(32);
  const info = new TextEncoder().encode(mode);
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt, info }, await secretOf(database, make), { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"],
  );
}

// The half that cannot be exported.
async function secretOf(database, make) {
  const kept = await transact(database, "readonly", (store) => store.get("secret"));
  if (kept || !make) return kept;
  const fresh = await crypto.subtle.importKey("raw", crypto.getRandomValues(new Uint8Array(32)), "HKDF", false, ["deriveKey"]);
  // Another tab may have been faster; both go on with one.
  return transact(database, "readwrite", (store) => {
    const before = store.get("secret");
    before.onsuccess = () => before.result ?? store.put(fresh, "secret");
    return before;
  }).then((before) => before ?? fresh);
}

// The half that ends with the browser's session.
function cookie(make) {
  const read = () => new RegExp(`(?:^|; )${COOKIE}=([0-9a-f]{64})(?:;|$)`).exec(document.cookie)?.[1];
  if (!read() && make) {
    const fresh = Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    document.cookie = `${COOKIE}=${fresh}; Path=/; SameSite=Strict${location.protocol === "https:" ? "; Secure" : ""}`;
  }
  const half = read();
  if (!half) throw new Error("There is no session cookie.");
  return new TextEncoder().encode(half);
}

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error);
  });
}

// The result of one request; what is written is so once the transaction is complete.
function transact(database, mode, run) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, mode);
    const request = run(transaction.objectStore(STORE));
    const settled = mode === "readonly" ? request : transaction;
    settled.onsuccess = settled.oncomplete = () => resolve(request.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

// What is late goes on, but says no more: the next one has begun, and has the last word.
function inTime(task) {
  const late = new AbortController();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      late.abort();
      reject();
    }, LATE_MS);
    task(late.signal).then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
