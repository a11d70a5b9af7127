// The default peer: one MSAL client with its own cache in memory, as the samples have it. Tokens are not validated.
import { X509Certificate } from 'node:crypto';
import { ConfidentialClientApplication } from '@azure/msal-node';
import { serve, settings } from './serve.mjs';

const client = new ConfidentialClientApplication({
  auth: {
    clientId: settings.clientId,
    authority: `${settings.authority}/${settings.tenant}`,
    knownAuthorities: [new URL(settings.authority).host],
    clientCertificate: {
      thumbprintSha256: new X509Certificate(settings.certificate).fingerprint256.replaceAll(':', ''),
      privateKey: settings.privateKey,
    },
  },
});

console.log(await serve((oboAssertion, scopes) => client.acquireTokenOnBehalfOf({ oboAssertion, scopes })));
