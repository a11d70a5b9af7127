import type { Account, BrokerEvent, SignInOptions, TalxisBroker, TokenRequest, TokenResult } from "./api.js";

export * from "./api.js";

export interface WaitOptions {
  /** How long to wait; default 10000. */
  timeoutMs?: number;
  /** Abort rejects with name `AbortError` and code `aborted`, and leaves nothing behind. */
  signal?: AbortSignal;
}

/**
 * The broker of this page: of this window, or of the nearest one above it that may be read. Where nobody has loaded it, it is loaded
 * at once, if Dataverse can serve it here. Rejects with a `TalxisBrokerError`: `timed_out`, `aborted` or `version_conflict`.
 */
export declare function waitForBroker(options?: WaitOptions): Promise<TalxisBroker>;

export type TokenOptions = Partial<Omit<TokenRequest, "client">>;

/** The tokens of one backend. Nothing is to be cached: the broker does that. */
export interface TokenClient {
  getToken(options?: TokenOptions): Promise<TokenResult>;
  /** The page's `fetch` with a token, which also answers a claims challenge, once. Other addresses than its API's are a `TypeError`. */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /** To be called in the handler of a click. */
  signIn(options?: SignInOptions): Promise<Account>;
  /** Calls when somebody signs in or out or the configuration changes, until the function that it returns is called. */
  onChange(listener: (event: BrokerEvent) => void): () => void;
}

/**
 * `origin` is where the API is, where its scopes do not say so: scopes such as `https://graph.microsoft.com/User.Read` do, `api://…` do not, and
 * then `fetch` takes any `https` address.
 */
export declare function tokenClient(backend: { client: string; scopes: string[]; origin?: string }): TokenClient;
