// `@talxis/token-broker/kiota`: a token client as `AccessTokenProvider` of Kiota, for the hosts that the caller's validator allows.

import { textOf } from "./token-client.js";

export function accessTokenProvider(client, validator) {
  return {
    async getAuthorizationToken(url, context) {
      // What Kiota expects for a host that gets no token.
      if (!url || !validator.isUrlHostValid(url)) return "";
      if (!/^https:|^http:..(localhost|127\.0\.0\.1|\[::1\])[:/]/.test(new URL(url))) throw new TypeError("No token in the clear.");
      // Kiota passes a challenge's claims on as they came: in base64.
      const claims = context?.claims ? textOf(context.claims) : undefined;
      return (await client.getToken({ claims })).accessToken;
    },
    getAllowedHostsValidator: () => validator,
  };
}
