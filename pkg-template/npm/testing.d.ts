import type { BrokerErrorCode, SignInOptions, SignOutOptions, TalxisBroker, TalxisBrokerError, TokenRequest } from "./api.js";

type Failure = BrokerErrorCode | (Partial<TalxisBrokerError> & { code: BrokerErrorCode });
/** What was asked for: of a token or of a sign-in or sign-out, which name no client. */
type PlainRequest = Partial<Omit<TokenRequest & SignInOptions & SignOutOptions, "signal">>;

export interface FakeBrokerOptions {
  /** By scopes joined with a space, or by client; or what makes one. Otherwise `fake-token`. */
  tokens?: Record<string, string> | ((request: TokenRequest) => string | undefined);
  /** What every call rejects with, or what decides it for each. */
  fail?: Failure | ((request: PlainRequest) => Failure | undefined);
  /** Milliseconds before each call settles. */
  delay?: number;
}

export interface FakeBroker {
  broker: TalxisBroker;
  /** What was asked for, in order. */
  calls: { name: "getToken" | "signIn" | "signOut"; request: PlainRequest }[];
  /** Puts back what was there before. */
  uninstall(): void;
}

/** Installs a broker in this window that needs no browser, no network and no Power Apps. */
export declare function installFakeBroker(options?: FakeBrokerOptions): FakeBroker;
