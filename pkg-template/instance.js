// One WebAssembly instance, made anew for each life. The packer puts wasm-bindgen's glue and the module's bytes in here.

import { failure } from "./errors.js";

/* global SHIFT, WASM -- inserted by `cargo xtask dist` */

let module;

// Compiles once and starts an instance. Only when somebody needs it: until then a page pays for parsing only.
export function compile(glue) {
  if (typeof WebAssembly !== "object") {
    throw failure("unsupported_client", "This browser has WebAssembly switched off, and the broker needs it.");
  }
  try {
    module ??= new WebAssembly.Module(bytes());
    glue.begin(module);
  } catch (error) {
    // Engines refuse at different steps, with different errors; our bytes themselves are good.
    if (error instanceof WebAssembly.CompileError || error instanceof EvalError || /unsafe-eval|Content.Security.Policy|\bCSP\b/i.test(error?.message)) {
      throw failure(
        "wasm_blocked_by_csp",
        "The page's Content-Security-Policy blocks WebAssembly: its script-src needs 'wasm-unsafe-eval'.",
      );
    }
    throw error;
  }
}

// The bytes as text, mirrored and moved by SHIFT. On the wire that is a fifth smaller than base64.
function bytes() {
  const text = WASM;
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = SHIFT - text.charCodeAt(i);
  return bytes;
}

// The glue keeps its instance in variables, so each instance gets a glue of its own. The Rust panic hook calls `onPoison`.
export const make = (onPoison) => {
  "@@glue@@";
  return {
    Broker,
    begin(module) {
      initSync({ module });
      wasm = guard(wasm, onPoison);
    },
    kill() {
      wasm = inert;
    },
  };
};

// Rust neither catches nor survives an exception that passes through it: whatever comes out of an export, a trap, a stack overflow
// or a foreign error, leaves a broken instance behind. Panics have told by their hook already; these tell here.
function guard(exports, onPoison) {
  const guarded = {};
  for (const [name, value] of Object.entries(exports)) {
    guarded[name] = typeof value !== "function" ? value : (...values) => {
      try {
        return value(...values);
      } catch (error) {
        onPoison(`an exception (${String(error?.name)})`);
        throw error;
      }
    };
  }
  return guarded;
}

// Stands in for a dead instance: whatever late timers and events do with it, nothing happens.
const inert = new Proxy(() => inert, { get: (_, key) => (key === Symbol.toPrimitive ? () => 0 : inert) });
