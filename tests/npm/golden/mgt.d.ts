import type { TokenClient } from "./index.js";

/** A provider of the Microsoft Graph Toolkit, made with its `SimpleProvider`. */
export declare function mgtProvider<Provider extends { setState(state: number): void }>(
  client: TokenClient,
  SimpleProvider: new (getAccessToken: (scopes: string[]) => Promise<string>, login?: () => Promise<void>) => Provider,
): Provider;
