// `window.__preload`: what Unified Interface knows of the signed-in user before Xrm exists. Unsupported, and read by many.

import { environment, is, late } from "/environment.js";

/** Gives a window its own, where the switch says that this kind of window has one. */
export function installPreload(target) {
  // powerapps.md §5 [I] switch `preload`
  if (is("preload", "absent") || (target !== window && !is("preload", "everywhere"))) return;
  const { username, objectId } = environment.user;
  const preload = { aadLoginHint: username, aadObjectId: objectId };
  Object.defineProperty(target, "__preload", {
    configurable: true,
    get: () => (is("preload", "late") && late() ? undefined : preload),
  });
}
