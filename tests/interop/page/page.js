// An application as its author would write it, with `@azure/msal-browser` or with the packed broker. The test says what it does
// next: `start` or `startBroker` once per page, then `act` at once or on the next click, and reads `outcome`.
'use strict';

let app;
window.outcome = null;

function settle(promise) {
  window.outcome = null;
  promise.then(
    (value) => { window.outcome = { value: value ?? null }; },
    ({ name, code, errorCode, claims, message }) => { window.outcome = { error: { name, code, errorCode, claims, message } }; },
  );
}

window.start = (config) => settle((async () => {
  app = new msal.PublicClientApplication(config);
  await app.initialize();
  const returned = await app.handleRedirectPromise();
  if (returned) app.setActiveAccount(returned.account);
  return { version: msal.version, returned, accounts: app.getAllAccounts() };
})());

window.startBroker = (config) => {
  app = window.talxisBroker;
  app.configure(config);
};

const act = (method, request) => settle(Promise.resolve(app[method](request)).then((value) => {
  if (value?.account) app.setActiveAccount?.(value.account);
  return value;
}));
window.act = act;

window.onNextClick = (method, request) => {
  document.getElementById('go').onclick = () => act(method, request);
};
