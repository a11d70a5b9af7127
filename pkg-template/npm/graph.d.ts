import type { TokenClient } from "./index.js";

/** An `AuthenticationProvider` of `@microsoft/microsoft-graph-client`. */
export declare function authenticationProvider(client: TokenClient): {
  getAccessToken(options?: { scopes?: string[] }): Promise<string>;
};
