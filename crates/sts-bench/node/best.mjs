// The best that was found for MSAL: client tokens are validated against a cached key set; each user has a client, and so a cache,
// of their own (MSAL looks through a whole cache for each token); what clients can share (the authority's metadata, the client
// assertion) they share; and there are as many processes as processors. It never gives memory back.
import cluster from 'node:cluster';
import { createHash, createPrivateKey, randomUUID, X509Certificate } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { ConfidentialClientApplication } from '@azure/msal-node';
import { createRemoteJWKSet, jwtVerify, SignJWT } from 'jose';
import { serve, settings } from './serve.mjs';

const ASSERTION_SECONDS = 300;

if (cluster.isPrimary && availableParallelism() > 1) {
  for (let at = 0; at < availableParallelism(); at += 1) cluster.fork();
  let listening = 0;
  cluster.on('listening', (_, { address, port }) => {
    listening += 1;
    if (listening === availableParallelism()) console.log(`http://${address}:${port}`);
  });
} else {
  const address = await serve(await exchange());
  if (cluster.isPrimary) console.log(address);
}

async function exchange() {
  const { clientId, tenant, broker } = settings;
  const authority = `${settings.authority}/${tenant}`;
  const metadata = await (await fetch(`${authority}/v2.0/.well-known/openid-configuration`)).json();
  const keys = createRemoteJWKSet(new URL(metadata.jwks_uri));
  const auth = {
    clientId,
    authority,
    knownAuthorities: [new URL(authority).host],
    authorityMetadata: JSON.stringify(metadata),
    clientAssertion: clientAssertion(metadata.token_endpoint),
  };
  const clients = new Map();
  return async (oboAssertion, scopes) => {
    const { payload } = await jwtVerify(oboAssertion, keys, { algorithms: ['RS256'], audience: clientId, issuer: metadata.issuer });
    if (payload.azp !== broker || payload.tid !== tenant) throw new Error('a stranger');
    const user = `${payload.tid}.${payload.oid}`;
    if (!clients.has(user)) clients.set(user, new ConfidentialClientApplication({ auth }));
    return clients.get(user).acquireTokenOnBehalfOf({ oboAssertion, scopes });
  };
}

/** One signature serves all clients for a while. */
function clientAssertion(audience) {
  const key = createPrivateKey(settings.privateKey);
  const x5t = createHash('sha256').update(new X509Certificate(settings.certificate).raw).digest('base64url');
  let made = { until: 0 };
  return () => {
    const now = Math.floor(Date.now() / 1000);
    if (now >= made.until) {
      const signed = new SignJWT({})
        .setProtectedHeader({ alg: 'PS256', typ: 'JWT', 'x5t#S256': x5t })
        .setIssuer(settings.clientId).setSubject(settings.clientId).setAudience(audience).setJti(randomUUID())
        .setNotBefore(now - 60).setExpirationTime(now + 2 * ASSERTION_SECONDS);
      made = { until: now + ASSERTION_SECONDS, text: signed.sign(key) };
    }
    return made.text;
  };
}
