// `fetch`, held to what needs no CORS preflight and leaves no trace (contract §4): no credentials, no custom headers, no redirect, no
// cache, no referrer. Bound by http.rs.

// Gives a Response, perhaps of another realm, and rejects with whether the browser says that it is offline. Pages wrap `fetch`: what
// throws or gives anything else is no answer.
export async function post(url, body) {
  const request = {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body,
    credentials: "omit",
    redirect: "error",
    cache: "no-store",
    referrerPolicy: "no-referrer",
  };
  try {
    const response = await fetch(url, request);
    if (Object.prototype.toString.call(response) === "[object Response]") return response;
  } catch {
    // No answer.
  }
  throw !navigator.onLine;
}

// The body, undefined if it is not JSON.
export async function json(response) {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}
