// The HTTP of both peers: the exchange's form in, its answer out, on a free port that is printed as the first line.
import { readFile } from 'node:fs/promises';
import formbody from '@fastify/formbody';
import Fastify from 'fastify';

/** What the measurement says: authority, clientId, tenant, broker, certificate and its key. */
export const settings = JSON.parse(await readFile(process.argv[2], 'utf8'));

/** Serves exchanges. `acquire` comes to MSAL's result for a client token and scopes. */
export async function serve(acquire) {
  const server = Fastify();
  await server.register(formbody);
  server.post('/oauth2/token', async ({ body }) => {
    const { accessToken, expiresOn, scopes } = await acquire(body.subject_token, body.scope.split(' '));
    return {
      access_token: accessToken,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: Math.floor((expiresOn - Date.now()) / 1000),
      scope: scopes.join(' '),
    };
  });
  return server.listen({ host: '127.0.0.1', port: 0 });
}
