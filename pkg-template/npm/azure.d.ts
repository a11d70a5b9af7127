import type { TokenClient } from "./index.js";

/** A `TokenCredential` of `@azure/core-auth`. */
export interface BrokerCredential {
  getToken(
    scopes: string | string[],
    options?: { claims?: string; abortSignal?: unknown },
  ): Promise<{ token: string; expiresOnTimestamp: number; tokenType: "Bearer" }>;
}

export declare function tokenCredential(client: TokenClient): BrokerCredential;
