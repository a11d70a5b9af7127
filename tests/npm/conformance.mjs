// What the fake broker and the real one have in common, written once: `page` is the broker's window, `request` one that is granted.
// Each member throws where a broker does otherwise.

const equal = (seen, wanted) => {
  const [left, right] = [seen, wanted].map((value) => JSON.stringify(value));
  if (left !== right) throw new Error(`${left} is not ${right}`);
};
const failing = (promise) => promise.then(() => "succeeded", ({ name, code }) => [name, code]);

export const conformance = {
  async "the facade is frozen and has a version"({ page }) {
    equal([Object.isFrozen(page.talxisBroker), /^\d+\.\d+\.\d+/.test(page.talxisBroker.version)], [true, true]);
  },
  async "a token has everything that the types promise"({ page, request }) {
    const result = await page.talxisBroker.getToken(request);
    equal(Object.keys(result).sort(), ["accessToken", "account", "clientId", "correlationId", "expiresOn", "fromCache", "scopes", "tokenType"]);
    // Graph grants every scope that its client has, whatever was asked.
    const asked = request.scopes.every((scope) => result.scopes.includes(scope));
    equal([result.tokenType, asked, result.expiresOn > Date.now() + 300_000], ["Bearer", true, true]);
    equal(page.talxisBroker.account.username, result.account.username);
  },
  async "the caller's correlation id comes back"({ page, request }) {
    const correlationId = crypto.randomUUID();
    equal((await page.talxisBroker.getToken({ ...request, correlationId })).correlationId, correlationId);
  },
  async "an aborted call rejects as aborted, before and during it"({ page, request }) {
    const controller = new AbortController();
    const waiting = failing(page.talxisBroker.getToken({ ...request, forceRefresh: true, signal: controller.signal }));
    controller.abort();
    equal(await waiting, ["AbortError", "aborted"]);
    equal(await failing(page.talxisBroker.getToken({ ...request, signal: AbortSignal.abort() })), ["AbortError", "aborted"]);
  },
  async "a request without a client is refused, with a typed error"({ page }) {
    const error = await page.talxisBroker.getToken({}).catch((error) => error);
    equal([error.name, typeof error.code, error.retryable, error.interactionRequired], ["TalxisBrokerError", "string", false, false]);
  },
  async "diagnostics tell the latest failures, and no more than nine"({ page }) {
    for (let n = 0; n < 10; n++) await failing(page.talxisBroker.getToken({}));
    const { code, correlationId } = await page.talxisBroker.getToken({}).catch((error) => error);
    const { failures } = page.talxisBroker.diagnostics();
    equal([failures.length, failures[0].code, failures[0].correlationId, failures[0].at >= failures[8].at], [9, code, correlationId, true]);
  },
  async "listeners hear frozen events until their signal ends"({ page, request }) {
    const ended = new AbortController();
    const heard = [];
    page.talxisBroker.addEventListener("token", (event) => heard.push(event), { signal: ended.signal });
    await page.talxisBroker.getToken({ ...request, forceRefresh: true });
    const before = heard.length;
    ended.abort();
    await page.talxisBroker.getToken({ ...request, forceRefresh: true });
    equal([before > 0, heard.length === before, Object.isFrozen(heard[0]), heard[0].type], [true, true, true, "token"]);
  },
};
