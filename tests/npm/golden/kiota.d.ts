import type { TokenClient } from "./index.js";

/** An `AccessTokenProvider` of Kiota. The validator is Kiota's `AllowedHostsValidator`: hosts that it does not allow get no token. */
export declare function accessTokenProvider<Validator extends { isUrlHostValid(url: string): boolean }>(
  client: TokenClient,
  validator: Validator,
): {
  getAuthorizationToken(url?: string, additionalAuthenticationContext?: Record<string, unknown>): Promise<string>;
  getAllowedHostsValidator(): Validator;
};
