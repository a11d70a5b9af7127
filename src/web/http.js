// `fetch`, held to what needs no CORS preflight and leaves no trace (contract §4): no credentials, no custom headers, no redirect, no
// cache, no referrer. Bound by http.rs.

// Rejects with whether the browser says that it is offline.
export function post(url, body) {
  const request = {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body,
    credentials: "omit",
    redirect: "error",
    cache: "no-store",
    referrerPolicy: "no-referrer",
  };
  return fetch(url, request).catch(() => Promise.reject(!navigator.onLine));
}
