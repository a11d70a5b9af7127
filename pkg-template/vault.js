// Where the session is kept between page loads (contract §6): encrypted, in IndexedDB. `session`: half of the key is in a session cookie
// and half cannot be exported, so that nobody can read it once the browser's session has ended. `persistent`: without the cookie.
// It keeps what it is given and judges nothing. Against scripts of this origin it is no protection, and claims none (SECURITY.md).

const NAME = "talxis-broker";
const STORE = "vault";
const LATE_MS = 2_000;
// With the prefix nobody sets it for us from another host below the same domain, for longer than the browser's session (RFC 6265bis §4.1.3.2).
export const HOST = location.protocol === "https:" ? "__Host-" : "";
const COOKIE = HOST + NAME;

export function createVault() {
  let work = Promise.resolve();
  let fetched = {}; // Before anybody asked for it.
  const vault = {
    available: true,
    // What will be asked for first comes beside other work, sealed as it lies there. Without a name: what came is old.
    begin(name) {
      fetched = name ? { [name]: sealedUnder(name) } : {};
      fetched[name]?.catch(() => {});
      if (name) setTimeout(vault.begin, LATE_MS);
    },
    // What was kept under a name; undefined if there is nothing that can be read.
    load: (mode, name) => next((late) => {
      const sealed = fetched[name] ?? sealedUnder(name);
      fetched = {};
      return load(mode, name, sealed, late);
    }),
    // Keeps this instead of what was kept; null keeps nothing.
    save: (mode, name, value) => next((late) => {
      fetched = {};
      return save(mode, name, value, late);
    }),
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

// What lies there under a name, and the half of the key that lies beside it.
function sealedUnder(name) {
  return open(async (database) => {
    let secret;
    const kept = await transact(database, "readonly", (store) => {
      secret = store.get("secret");
      return store.get(name);
    });
    return { kept, secret: secret.result };
  });
}

async function load(mode, name, sealed, late) {
  const { kept, secret } = await sealed;
  if (!kept) return undefined;
  try {
    const key = await keyOf(mode, secret, false);
    const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: kept.iv }, key, kept.sealed);
    return JSON.parse(new TextDecoder().decode(plain));
  } catch {
    // Of another browser session, or not ours at all.
    if (!late.aborted) await drop(name);
    return undefined;
  }
}

function save(mode, name, value, late) {
  if (!value || mode === "memory") return drop(name);
  return open(async (database) => {
    const key = await keyOf(mode, await secretOf(database), true);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, new TextEncoder().encode(JSON.stringify(value)));
    if (!late.aborted) await transact(database, "readwrite", (store) => store.put({ iv, sealed }, name));
  });
}

function drop(name) {
  return open((database) => transact(database, "readwrite", (store) => store.delete(name)));
}

function forget(isOld) {
  return open(async (database) => {
    const names = await transact(database, "readonly", (store) => store.getAllKeys());
    for (const name of names.filter(isOld)) await transact(database, "readwrite", (store) => store.delete(name));
  });
}

function keyOf(mode, secret, make) {
  const salt = mode === "session" ? cookie(make) : new Uint8Array(32);
  const info = new TextEncoder().encode(mode);
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt, info }, secret, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"],
  );
}

// The half that cannot be exported.
async function secretOf(database) {
  const kept = await transact(database, "readonly", (store) => store.get("secret"));
  if (kept) return kept;
  const fresh = await crypto.subtle.importKey("raw", crypto.getRandomValues(new Uint8Array(32)), "HKDF", false, ["deriveKey"]);
  return transact(database, "readwrite", (store) => {
    // Another tab may have been faster; both go on with one.
    store.add(fresh, "secret").onerror = (event) => {
      event.preventDefault();
      event.stopPropagation();
    };
    return store.get("secret");
  });
}

// The half that ends with the browser's session.
function cookie(make) {
  const read = () => new RegExp(`(?:^|; )${COOKIE}=([0-9a-f]{64})(?:;|$)`).exec(document.cookie)?.[1];
  if (!read() && make) {
    const fresh = Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    document.cookie = `${COOKIE}=${fresh}; Path=/; SameSite=Strict${HOST && "; Secure"}`;
  }
  const half = read();
  if (!half) throw new Error("There is no session cookie.");
  return new TextEncoder().encode(half);
}

async function open(use) {
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error);
  });
  try {
    return await use(database);
  } finally {
    database.close();
  }
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
