// An application as its author would write it with `@azure/msal-browser`. The test says what it does next: `start` once per
// page, `act` at once or on the next click, and reads `outcome`.
'use strict';

let app;
window.outcome = null;

function settle(promise) {
  window.outcome = null;
  promise.then(
    (value) => { window.outcome = { value: value ?? null }; },
    ({ name, errorCode, subError, claims, message }) => { window.outcome = { error: { name, errorCode, subError, claims, message } }; },
  );
}

window.start = (config) => settle((async () => {
  app = new msal.PublicClientApplication(config);
  await app.initialize();
  const returned = await app.handleRedirectPromise();
  if (returned) app.setActiveAccount(returned.account);
  return { version: msal.version, returned, accounts: app.getAllAccounts() };
})());

const act = (method, request) => settle(Promise.resolve(app[method](request)).then((value) => {
  if (value?.account) app.setActiveAccount(value.account);
  return value;
}));
window.act = act;

window.onNextClick = (method, request) => {
  document.getElementById('go').onclick = () => act(method, request);
};
