// `@talxis/token-broker/graph`: a token client as `AuthenticationProvider` of `@microsoft/microsoft-graph-client`.

export function authenticationProvider(client) {
  return {
    async getAccessToken({ scopes } = {}) {
      return (await client.getToken(scopes?.length ? { scopes } : {})).accessToken;
    },
  };
}
