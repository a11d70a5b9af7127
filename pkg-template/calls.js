// The open calls: their time limits, their callers' signals, and the one end that each of them has.
//
// What a call waits for may take long, an unanswered prompt longest of all, and other calls wait for the same. So an ended call lets go of
// everything that is its caller's: nothing here may keep a control or a frame alive that is gone.

import { failure, isFailure } from "./errors.js";

const CALL_MS = 30_000;
const PROMPT_MS = 120_000;
// Of the failures that a support person may see.
const LATEST = 9;

export function createCalls() {
  const open = new Set();
  const aborted = new Set(); // Their correlation ids.
  let prompts = 0;
  const failures = []; // The latest first.

  class Call {
    constructor(input, resolve, reject) {
      input.correlationId ??= crypto.randomUUID();
      Object.assign(this, { input, resolve, reject, ended: new AbortController() });
    }

    get isOpen() {
      return open.has(this);
    }

    begin(signal) {
      // What is no signal throws here, and leaves nothing open.
      signal?.addEventListener("abort", () => this.abort(), { signal: this.ended.signal });
      open.add(this);
      if (signal?.aborted) return this.abort();
      this.wind();
    }

    // A limit of the caller's own runs once; ours starts anew when a prompt begins or ends.
    wind() {
      const limit = this.input.timeoutMs;
      if (limit > 0 && this.timer) return;
      clearTimeout(this.timer);
      const ms = limit > 0 ? Math.min(limit, 0x7fffffff) : prompts > 0 ? PROMPT_MS : CALL_MS;
      this.timer = setTimeout(() => this.fail(failure("timed_out", `The call took longer than ${ms} ms.`)), ms);
    }

    abort() {
      aborted.add(this.input.correlationId);
      this.fail(failure("aborted", "The caller aborted the call."));
    }

    succeed(value) {
      this.end(this.resolve, value);
    }

    fail(detail) {
      const { correlationId, client, scopes } = this.input;
      const known = isFailure(detail);
      const failed = known ? { ...detail, correlationId: detail.correlationId ?? correlationId } : detail;
      if (known && this.isOpen && detail.code !== "aborted") {
        failures.unshift({ ...failed, claims: undefined, at: Date.now(), client, scopes: scopes && [scopes].flat() });
        failures.splice(LATEST);
      }
      this.end(this.reject, failed);
    }

    // This call only: whoever else waits for the same token still gets it.
    end(settle, value) {
      if (!open.delete(this)) return;
      clearTimeout(this.timer);
      this.ended.abort("over"); // With a reason: the browser's own would be an error, whose stack keeps the frame of the caller.
      this.resolve = this.reject = this.ended = undefined;
      settle(value);
    }
  }

  return {
    // `run(input, isOpen)` does the work on plain data that is ours, once there is somebody to do it for.
    begin(input, signal, run) {
      return new Promise((resolve, reject) => {
        const call = new Call(input, resolve, reject);
        call.begin(signal);
        if (call.isOpen) follow(call, run);
      });
    },
    failures,
    // Whether anybody still wants what this call asked for.
    isWanted: (correlationId) => open.size > 0 || !aborted.has(correlationId),
    // A person is slower than a server.
    prompting(begins) {
      prompts += begins ? 1 : -1;
      for (const call of open) call.wind();
    },
    failAll(detail) {
      prompts = 0;
      for (const call of [...open]) call.fail(detail);
    },
  };
}

// Apart, so that the work holds the call and nothing around it.
function follow(call, run) {
  const { input } = call;
  run(input, () => call.isOpen).then((value) => call.succeed(value), (detail) => call.fail(detail));
}

// What goes into the WebAssembly is plain data: no getter of a foreign object runs there, and nobody changes it afterwards.
export function plain(value) {
  return JSON.parse(JSON.stringify(value ?? {}));
}
