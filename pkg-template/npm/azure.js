// `@talxis/token-broker/azure`: a token client as `TokenCredential` of `@azure/core-auth`. The SDK hands over its own scopes, and claims as JSON.

export function tokenCredential(client) {
  return {
    async getToken(scopes, { claims, abortSignal: signal } = {}) {
      const { accessToken, expiresOn } = await client.getToken({ ...scopesOf(scopes), claims, signal });
      return { token: accessToken, expiresOnTimestamp: expiresOn, tokenType: "Bearer" };
    },
  };
}

function scopesOf(given) {
  const scopes = [given ?? []].flat();
  return scopes.length > 0 ? { scopes } : {};
}
