// What either side does in a page, in the same way on both: the script is in the browser's cache, and the clock starts when it begins to
// run. Runs in an empty page of Power Apps' origin, which has what the broker reads of Power Apps.

const [told, act, options, done] = arguments;

const context = {
  client: { getClient: () => "Web", getClientState: () => "Online" },
  organizationSettings: { organizationTenant: told.tenant },
  userSettings: { userId: `{${told.user.id}}` },
  getClientUrl: () => location.origin,
};
window.__preload = { aadObjectId: told.user.objectId, aadLoginHint: told.user.username };
window.Xrm ??= { Utility: { getGlobalContext: () => context } };

// Everything of a page load up to the running of the script; gives what runs it.
async function loaded(address) {
  const link = Object.assign(document.createElement("link"), { rel: "preload", as: "script", href: address });
  await new Promise((resolve, reject) => {
    Object.assign(link, { onload: resolve, onerror: reject });
    document.head.append(link);
  });
  return () => new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement("script"), { src: address, onload: resolve, onerror: reject }));
  });
}

const broker = {
  address: told.broker,
  begin: async () => {},
  token: (client, scope) => talxisBroker.getToken({ client: told.aliases[client], scopes: [scope] }),
  kept: () => talxisBroker.diagnostics().tokens.filter(({ scopes }) => told.scopes.includes(scopes)).length,
};
// With everything that saves it requests: it knows the authority's addresses, as it knows those of Microsoft's clouds.
const msal = {
  address: told.msal,
  apps: [],
  // An instance per client.
  begin: (count) => Promise.all(Array.from({ length: count }, async (_, client) => {
    msal.apps[client] = new compared.PublicClientApplication({
      auth: {
        clientId: told.applications[client],
        authority: told.authority,
        knownAuthorities: [new URL(told.authority).host],
        authorityMetadata: told.metadata,
        redirectUri: `${location.origin}/WebResources/${told.redirect}`,
      },
      cache: { cacheLocation: options.cache ?? "sessionStorage" },
    });
    await msal.apps[client].initialize();
  })),
  async token(client, scope) {
    const [account] = msal.apps[client].getAllAccounts();
    const request = { scopes: [scope] };
    return account ? msal.apps[client].acquireTokenSilent({ ...request, account }) : msal.apps[client].ssoSilent({ ...request, loginHint: told.user.username });
  },
  kept: () => Object.keys(sessionStorage).filter((key) => /accesstoken/i.test(key)).length,
};
const floor = { address: told.floor, begin: async () => {}, token: () => window.floor() };
const side = { broker, floor, msal }[options.side];
const [scope] = told.scopes;
const twenty = [...told.aliases.keys()];

const acts = {
  // Nothing is left of earlier rounds but the session at Entra.
  async forget() {
    localStorage.clear();
    sessionStorage.clear();
    for (const cookie of document.cookie.split("; ")) document.cookie = `${cookie.split("=")[0]}=; Max-Age=0; Path=/; Secure`;
    await Promise.all((await indexedDB.databases()).map(({ name }) => new Promise((resolve) => {
      const request = indexedDB.deleteDatabase(name);
      request.onsuccess = request.onerror = request.onblocked = resolve;
    })));
  },
  // Milliseconds from the start of the script to the token of one client.
  async first() {
    const run = await loaded(side.address);
    const begun = performance.now();
    await run();
    await side.begin(1);
    const { fromCache } = await side.token(0, scope);
    return { taken: performance.now() - begun, fromCache };
  },
  // Milliseconds from the first call to the last of twenty tokens.
  async cold() {
    await (await loaded(side.address))();
    const begun = performance.now();
    await side.begin(twenty.length);
    await Promise.all(twenty.map((client) => side.token(client, scope)));
    return { taken: performance.now() - begun };
  },
  // Microseconds of a call whose token is there, by rounds, both sides in turn.
  async cached() {
    const kept = {};
    for (const one of [broker, msal]) {
      await (await loaded(one.address))();
      await one.begin(1);
      await one.token(0, scope);
    }
    const figures = { broker: [], msal: [] };
    for (let round = 0; round < options.rounds; round++) {
      for (const [name, one] of Object.entries({ broker, msal })) {
        const begun = performance.now();
        for (let call = 0; call < options.calls; call++) kept[name] = await one.token(0, scope);
        figures[name].push(((performance.now() - begun) * 1000) / options.calls);
      }
    }
    if (!Object.values(kept).every(({ fromCache }) => fromCache)) throw new Error("A token did not come from the cache.");
    return figures;
  },
  // Holds five hundred tokens.
  // Gives how many of them are there at the end.
  async many() {
    const { Instance } = WebAssembly;
    WebAssembly.Instance = function (...given) {
      const instance = new Instance(...given);
      window.memory = Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory);
      return instance;
    };
    await (await loaded(side.address))();
    await side.begin(twenty.length);
    window.apps = side.apps; // As the controls would hold them.
    for (const scope of told.scopes) await Promise.all(twenty.map((client) => side.token(client, scope)));
    return side.kept();
  },
  async memory() {
    return window.memory?.buffer.byteLength ?? 0;
  },
  // Twenty clients ask, where only the user can help. What comes of it is in `outcome`; windows are counted.
  async ask() {
    window.opened = 0;
    const open = window.open.bind(window);
    window.open = (...given) => {
      window.opened += 1;
      return open(...given);
    };
    await (await loaded(side.address))();
    await side.begin(twenty.length);
    window.got = 0;
    if (side === broker) {
      for (const client of twenty) side.token(client, scope).then(() => (window.got += 1));
      return;
    }
    // Each instance asks for itself: silently in vain, then within a click.
    const failed = await Promise.allSettled(twenty.map((client) => side.token(client, scope)));
    const button = Object.assign(document.createElement("button"), { id: "go", textContent: "Go" });
    let next = failed.findIndex(({ status }) => status === "rejected");
    window.got = failed.filter(({ status }) => status === "fulfilled").length;
    button.onclick = () => side.apps[next++].loginPopup({ scopes: [scope], loginHint: told.user.username }).then(() => (window.got += 1));
    document.body.append(button);
  },
  async asked() {
    return { opened: window.opened, got: window.got };
  },
};

acts[act]().then(
  (value) => done({ value: value ?? null }),
  (why) => done({ error: `${why?.code ?? why?.errorCode ?? ""} ${why?.message}` }),
);
