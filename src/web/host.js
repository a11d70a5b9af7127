// What Power Apps tells about its user and its address. Bound by host.rs.
//
// `Xrm` is untyped, partly undocumented, and appears and changes while the page lives: it is read anew on each call, and whatever is
// missing, throws or has another type is absent.

// `tenantId` is the older name; both are empty for a moment while the first page loads.
export function tenant() {
  return text(() => settings().organizationTenant) ?? text(() => settings().tenantId);
}

export function loginHint() {
  return text(() => window.__preload.aadLoginHint);
}

// Where the packaged redirect page lies. Another origin than the page's own could never send the response back.
export function clientUrl() {
  const url = text(() => context().getClientUrl()) ?? "";
  const sameOrigin = url === location.origin || url.startsWith(`${location.origin}/`);
  return sameOrigin ? url.replace(/\/+$/, "") : location.origin;
}

const context = () => window.Xrm.Utility.getGlobalContext();
const settings = () => context().organizationSettings;

function text(read) {
  try {
    const value = read();
    return typeof value === "string" && value ? value : undefined;
  } catch {
    return undefined;
  }
}
