import type { TalxisBroker } from "./api";

export * from "./api";

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
