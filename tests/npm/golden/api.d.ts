// The public surface of the Token Broker. The types are written by hand: they are the promise, the code follows.

declare global {
  interface Window {
    /** There in the same turn in which the script ran; frozen. */
    readonly talxisBroker: TalxisBroker;
    /** Shared with other scripts of TALXIS: each part may be missing, or another vendor's. */
    TALXIS?: { Utils?: { readonly TokenManagement?: TokenManagement; readonly TokenBroker?: TokenBroker } };
  }
  interface WindowEventMap {
    /** Fired once on the host window when its broker can be used. */
    talxisbroker: Event;
  }
}

export interface TalxisBroker {
  /** Semantic version. */
  readonly version: string;
  /** Settles when there is a configuration, or with `not_configured` after five seconds without one. Never an unhandled rejection. */
  readonly ready: Promise<void>;
  /** Who is signed in. */
  readonly account: Account | null;
  /** Once, and only where no other configuration exists; else throws `config_invalid`. */
  configure(config: BrokerConfig): void;
  /** A backend token, or, without `scopes`, the client token itself. */
  getToken(request: TokenRequest): Promise<TokenResult>;
  /** Signs in. To be called in the handler of a click, so that a window may open. */
  signIn(options?: SignInOptions): Promise<Account>;
  /** Forgets the session and every token, in all tabs. */
  signOut(options?: SignOutOptions): Promise<void>;
  addEventListener(type: BrokerEventType, listener: (event: BrokerEvent) => void, options?: { signal?: AbortSignal }): void;
  removeEventListener(type: BrokerEventType, listener: (event: BrokerEvent) => void): void;
  /** Plain data for a support person; no token, no claims, no e-mail. */
  diagnostics(): BrokerDiagnostics;
}

/** `TALXIS.Utils.TokenManagement`: the broker as consumers of npm `@talxis/client-libraries` know it. Errors are the broker's. */
export interface TokenManagement {
  /** A client token. The scope names the control client; without scopes it is the configured client `default`. `force` skips the cache. */
  getAccessToken(scopes?: string[], force?: boolean): Promise<string>;
  /** A backend token, for a client token that this broker handed out; whether that one is still good does not matter. */
  getAccessTokenObo(token: string, scopes: string[], force?: boolean): Promise<string>;
}

/** `TALXIS.Utils.TokenBroker`: for the ribbon. */
export interface TokenBroker {
  /** An enable rule, which sees to it that the broker is there. False where the app does not want it, or if its bar shows no button. */
  isEnabled(shown?: boolean): boolean;
  /** Opens the sign-in status. */
  showStatus(): Promise<void>;
}

export interface TokenRequest {
  /** The control client: its GUID or a configured alias. */
  client: string;
  /** Backend scopes of one resource; left out: the client token itself. */
  scopes?: string[];
  /** A claims challenge, JSON text. */
  claims?: string;
  forceRefresh?: boolean;
  /** `never`: reject with `interaction_required` instead of asking the user. Default `auto`. */
  interaction?: "auto" | "never";
  /** Abort rejects with name `AbortError` and code `aborted`. */
  signal?: AbortSignal;
  /** Default 120000 while a prompt is open, 30000 otherwise. */
  timeoutMs?: number;
  /** A GUID; made if absent. Goes to Entra and to the Security Token Service. */
  correlationId?: string;
}

export interface TokenResult {
  accessToken: string;
  tokenType: "Bearer";
  /** Milliseconds since the epoch, at least five minutes away. */
  expiresOn: number;
  scopes: string[];
  clientId: string;
  account: Account;
  fromCache: boolean;
  correlationId: string;
}

export interface SignInOptions {
  signal?: AbortSignal;
  loginHint?: string;
  selectAccount?: boolean;
}

export interface SignOutOptions {
  /** Also at Entra, once the user has confirmed it; else `user_cancelled`, and nothing is signed out. */
  everywhere?: boolean;
}

export interface Account {
  username: string;
  name?: string;
  tenantId: string;
  objectId: string;
  homeAccountId: string;
  guest: boolean;
}

export type BrokerEventType = "signedin" | "signedout" | "token" | "interaction" | "error" | "configchanged";

export interface BrokerEvent {
  type: BrokerEventType;
  /** Milliseconds since the epoch. */
  at: number;
  correlationId?: string;
  client?: string;
  code?: BrokerErrorCode;
}

export interface BrokerConfig {
  version: 1;
  /** The broker registration. */
  clientId: string;
  /** Base URL of the Security Token Service. */
  sts: string;
  /** Default https://login.microsoftonline.com. */
  authority?: string;
  /** Where Power Apps does not tell the tenant. */
  tenant?: string;
  /** Default: the packaged redirect page of this environment. */
  redirectUri?: string;
  /**
   * Where the session is kept between page loads, encrypted: until the browser's session ends (the default), nowhere, or until it
   * expires.
   */
  storage?: "session" | "memory" | "persistent";
  /** By alias: the control client's GUID, or with its scope (default `api://<clientId>/access_as_user`). */
  clients?: Record<string, string | { clientId: string; scope?: string }>;
  /** Only listed clients; otherwise consent and the Security Token Service decide. */
  restrict?: boolean;
  /**
   * What happens in the mobile app when a user has to sign in: `unsupported_client` (the default), a window, or the whole page goes to
   * Entra and comes back to where it was.
   */
  mobile?: "unsupported" | "popup" | "redirect";
  /** How Power Apps asks a user to sign in: a line of its notification bar (the default), or its confirm dialog, which interrupts. */
  prompt?: "notification" | "confirm";
}

export interface BrokerDiagnostics {
  version: string;
  /** Whether this window is the one in which the broker runs. */
  host: boolean;
  /** The version in the host, as this frame's facade sees it. */
  hostVersion?: string;
  /** Whose `TALXIS.Utils.TokenManagement` this window has: `foreign` is an older broker's or another vendor's, which was left alone. */
  tokenManagement: "ours" | "foreign" | "missing";
  /** How often the broker had to start afresh after a fault of its own. */
  restarts: number;
  /** Where the last such fault was: a file and a line. */
  lastFault?: string;
  clientId?: string;
  authority?: string;
  sts?: string;
  tenant?: string;
  signedIn?: boolean;
  /** The user said no: nothing prompts until `signIn()`. */
  refused?: boolean;
  /** Where the session is kept; `unavailable` where the browser keeps nothing, so that it ends with the page. */
  storage?: "session" | "memory" | "persistent" | "unavailable";
  /** What was left out of other solutions' lists of clients, and why. */
  problems?: string[];
  tokens?: { client: string; scopes: string; expiresOn: number }[];
  /** The last calls that failed, the latest first. */
  failures?: BrokerFailure[];
}

/** A call that failed: what it rejected with, without claims, and what it asked for. */
export interface BrokerFailure {
  /** Milliseconds since the epoch. */
  at: number;
  code: BrokerErrorCode;
  message: string;
  client?: string;
  scopes?: string[];
  correlationId: string;
  consentUrl?: string;
  aadsts?: number;
  retryable?: boolean;
  interactionRequired?: boolean;
  retryAfterMs?: number;
}

/** What every call rejects with. */
export interface TalxisBrokerError extends Error {
  name: "TalxisBrokerError" | "AbortError";
  code: BrokerErrorCode;
  correlationId?: string;
  /** The same call may succeed later without anybody doing anything. */
  retryable: boolean;
  /** The user signing in again may help. */
  interactionRequired: boolean;
  claims?: string;
  /** Where an administrator consents. */
  consentUrl?: string;
  /** Entra's number of the error. */
  aadsts?: number;
  retryAfterMs?: number;
  /** Not enumerable. */
  cause?: unknown;
}

/** Open: new codes may come. */
export type BrokerErrorCode =
  | "not_configured" | "config_invalid" | "config_unreadable"
  | "wasm_blocked_by_csp" | "connect_blocked_by_csp" | "frame_blocked_by_csp" | "unsupported_client"
  | "interaction_required" | "consent_required" | "login_required" | "blocked_by_policy" | "user_cancelled"
  | "popup_blocked" | "popup_timeout" | "silent_timeout" | "aborted" | "timed_out" | "network" | "throttled"
  | "scope_not_allowed" | "client_not_allowed" | "app_not_in_tenant" | "account_mismatch"
  | "sts_rejected" | "sts_unavailable" | "identity_provider" | "storage_unavailable" | "version_conflict" | "internal"
  | (string & {});
