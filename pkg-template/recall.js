// What an earlier page load was answered, for the first calls of this one: they wait neither for the WebAssembly nor for the core, which
// decided all of it once. Pure: what does not fit exactly is no answer, and the core is asked.

// Contract §1: an answer is good for so long (cache.rs says so too).
const LEEWAY_MS = 300_000;
const MOST = 256;

// Whether an answer is good now, for this user.
export function isGood({ expiresOn, account }, user, now) {
  return now <= expiresOn - LEEWAY_MS && account.tenantId === user.tenant && account.objectId === user.objectId;
}

// The core's snapshot, with the names of its tokens by the texts of the requests that they answered (`said`: a token each, of this page).
// `of` is all that makes the core decide as it did.
export function withAnswers(snapshot, of, said, before) {
  if (!snapshot) return null;
  const answers = Object.entries(before ?? {});
  for (const [name, { secret }] of Object.entries(snapshot.tokens)) {
    for (const [text, token] of said) if (token === secret) answers.push([text, name]);
  }
  return { ...snapshot, of, answers: Object.fromEntries(answers.slice(-MOST)) };
}

// The answer to a request, out of what was kept; undefined if there is none that is good.
export function recall(kept, of, text, user, now) {
  if (kept?.v !== 1 || kept.of !== of) return undefined;
  const token = kept.tokens[kept.answers[text]];
  if (!(token?.storedOn <= now)) return undefined; // The clock was turned back.
  const { secret, expiresOn, granted, client } = token;
  const answer = {
    accessToken: secret, tokenType: "Bearer", expiresOn, scopes: granted.split(" ").filter(Boolean), clientId: client,
    account: { ...kept.account }, fromCache: true,
  };
  return isGood(answer, user, now) ? answer : undefined;
}
