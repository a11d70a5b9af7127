// Each client's consent: its token is asked for as any control would, without anybody being prompted. The token is dropped at once.

// These are about the client; whatever else a call fails with says nothing about its consent.
const REFUSED = /^(consent_required|app_not_in_tenant|client_not_allowed|scope_not_allowed|blocked_by_policy|identity_provider)$/;

/** Asks for every client that the configuration and other solutions' lists name. */
export async function askForAll({ broker, read: { config, lists }, own }) {
  if (!broker) return [];
  const aliases = Object.keys({ ...Object.assign({}, ...Object.values(lists ?? {})), ...config?.clients });
  // Where none is named it is asked for nobody: that tells whether the broker took its configuration.
  return Promise.all((aliases.length ? aliases : [""]).map((alias) => askFor(broker, own, alias)));
}

async function askFor(broker, own, alias) {
  const correlationId = crypto.randomUUID();
  own.add(correlationId); // No call of the app's, so none of its problems.
  try {
    const { clientId } = await broker.getToken({ client: alias, interaction: "never", correlationId });
    return { alias, clientId, code: "ok" };
  } catch ({ code, message, consentUrl, aadsts }) {
    return { alias, code, message, consentUrl, aadsts, correlationId };
  }
}

export const client = {
  judge({ code, message }) {
    if (code === "ok") return { outcome: "ok", seen: [["ok"]], todo: [] };
    return { outcome: REFUSED.test(code) ? "failed" : "unknown", seen: [["said", { message }]], todo: [["remedy", { code }]] };
  },
};
