// `@azure/msal-node` as a web API that acts on behalf of its users: one request for each assertion.
import { X509Certificate } from 'node:crypto';
import { mock } from 'node:test';
import { ConfidentialClientApplication } from '@azure/msal-node';
import { introduce, tell, wanted } from './lines.mjs';

const { clientId, authority, metadata, secret, certificate, scopes, assertions, pauses } = wanted;

introduce('@azure/msal-node');
const client = new ConfidentialClientApplication({
  auth: {
    clientId,
    authority,
    knownAuthorities: [new URL(authority).host],
    ...(metadata && { authorityMetadata: JSON.stringify(metadata) }),
    ...(secret && { clientSecret: secret }),
    ...(certificate && {
      clientCertificate: {
        thumbprintSha256: new X509Certificate(certificate.pem).fingerprint256.replaceAll(':', ''),
        privateKey: certificate.privateKey,
      },
    }),
  },
});

if (pauses) mock.timers.enable({ apis: ['Date'], now: Date.now() });
for (const [at, oboAssertion] of assertions.entries()) {
  if (pauses) mock.timers.tick(pauses[at] * 1000);
  try {
    const { accessToken, scopes: granted, account } = await client.acquireTokenOnBehalfOf({ oboAssertion, scopes, skipCache: true });
    tell({ token: accessToken, scopes: granted, account: account?.homeAccountId });
  } catch ({ name, errorCode, errorNo, subError, claims, message }) {
    tell({ error: name, code: errorCode, number: errorNo, suberror: subError, claims, message });
  }
}
