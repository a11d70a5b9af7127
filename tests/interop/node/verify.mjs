// `jose` as an API that has never heard of the stand-in: it believes a token by discovery and JWKS alone.
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import { introduce, tell, wanted } from './lines.mjs';

introduce('jose');
const { issuer, audience, tokens } = wanted;
const discovery = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
const keys = createRemoteJWKSet(new URL(discovery.jwks_uri));
for (const token of tokens) {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys, { issuer: discovery.issuer, audience, algorithms: ['RS256'] });
    tell({ header: protectedHeader, claims: payload });
  } catch (why) {
    if (!(why instanceof errors.JOSEError)) throw why;
    tell({ refused: why.code });
  }
}
