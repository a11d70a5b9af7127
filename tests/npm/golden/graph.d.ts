import type { TokenClient } from "./index";

/** An `AuthenticationProvider` of `@microsoft/microsoft-graph-client`. */
export declare function authenticationProvider(client: TokenClient): {
  getAccessToken(options?: { scopes?: string[] }): Promise<string>;
};
