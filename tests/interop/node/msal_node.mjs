// `@azure/msal-node` as a web API that acts on behalf of its users.
import { ConfidentialClientApplication } from '@azure/msal-node';
import { introduce, tell, wanted } from './lines.mjs';

const { clientId, authority, metadata, secret, certificate, scopes, assertions } = wanted;

introduce('@azure/msal-node');
const client = new ConfidentialClientApplication({
  auth: {
    clientId,
    authority,
    knownAuthorities: [new URL(authority).host],
    ...(metadata && { authorityMetadata: JSON.stringify(metadata) }),
    ...(secret ? { clientSecret: secret } : { clientCertificate: certificate }),
  },
});

for (const oboAssertion of assertions) {
  try {
    const { accessToken, scopes: granted, account, expiresOn } = await client.acquireTokenOnBehalfOf({ oboAssertion, scopes, skipCache: true });
    tell({ token: accessToken, scopes: granted, account: account?.homeAccountId, expiresOn: expiresOn.getTime() });
  } catch ({ name, errorCode, errorNo, subError, claims, message }) {
    tell({ error: name, code: errorCode, number: errorNo, suberror: subError, claims, message });
  }
}
