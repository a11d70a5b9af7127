// An independent OpenID Connect server that our broker and our STS have to satisfy: `oidc-provider`, in Entra's addresses.
//
// What it insists on is its own: redirect URIs, PKCE, one-time codes, rotation of refresh tokens, CORS by client, and
// private_key_jwt (signature, audience, lifetime, one-time jti). Only what RFCs leave to a server is set here the way Entra
// has it: paths, the shape of access tokens, which scopes a user's grant covers, and OBO as a grant type of its own.
import { X509Certificate, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import Provider from 'oidc-provider';
import { endWithParent, introduce, tell, wanted } from './lines.mjs';

const { tenant, user, app, broker, controls, backend } = wanted;
const OBO = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const OIDC = ['openid', 'profile', 'offline_access'];
const controlScopes = controls.map((control) => `api://${control.clientId}/access_as_user`);

introduce('oidc-provider');
const server = createServer().listen(0, '127.0.0.1');
await new Promise((listening) => server.once('listening', listening));
const origin = `http://login.localhost:${server.address().port}`;
const issuer = `${origin}/${tenant}/v2.0`;

/** The resource of a scope as Entra writes it: what stands before the last slash. */
const resourceOf = (scope) => scope.slice(0, scope.lastIndexOf('/'));
const resourceIn = (scopes = '') => scopes.split(' ').filter((scope) => scope.includes('/')).map(resourceOf)[0];

const resourceServer = (resource) => ({
  audience: resource.startsWith('api://') ? resource.slice('api://'.length) : resource,
  scope: resource === backend.resource ? backend.scopes.join(' ') : `${resource}/access_as_user`,
  accessTokenFormat: 'jwt',
  accessTokenTTL: 3600,
  jwt: { sign: { alg: 'RS256' } },
});

const provider = new Provider(origin, {
  routes: {
    authorization: `/${tenant}/oauth2/v2.0/authorize`,
    token: `/${tenant}/oauth2/v2.0/token`,
    jwks: `/${tenant}/discovery/v2.0/keys`,
  },
  jwks: { keys: [{ ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }), kid: 'interop', use: 'sig', alg: 'RS256' }] },
  cookies: { keys: ['made up'] },
  scopes: OIDC,
  claims: { openid: ['sub', 'tid', 'oid'], profile: ['name', 'preferred_username'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  ttl: { AccessToken: 3600, AuthorizationCode: 60, Grant: 86400, IdToken: 3600, Interaction: 600, RefreshToken: 86400, Session: 86400 },
  clientBasedCORS: (ctx, from) => from === app,
  issueRefreshToken: (ctx, client) => client.grantTypeAllowed('refresh_token'),
  clientAuthMethods: ['none', 'private_key_jwt'],
  clients: [
    {
      client_id: broker.clientId,
      redirect_uris: [broker.redirectUri],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    },
    ...controls.map((control) => ({
      client_id: control.clientId,
      redirect_uris: [],
      response_types: [],
      grant_types: [OBO],
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'PS256',
      jwks: { keys: [new X509Certificate(control.certificate).publicKey.export({ format: 'jwk' })] },
    })),
  ],
  features: {
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      // Entra writes the resource into the scope. As there, signing in grants more than this request asked for.
      defaultResource(ctx) {
        if (ctx.oidc.route === 'token') return resourceIn(ctx.oidc.params.scope);
        ctx.oidc.params.scope = [...new Set([...ctx.oidc.requestParamScopes, ...OIDC, ...controlScopes])].join(' ');
        return controlScopes.map(resourceOf);
      },
      useGrantedResource: (ctx) => Boolean(resourceIn(ctx.oidc.params.scope)),
      getResourceServerInfo: (ctx, resource) => resourceServer(resource),
    },
  },
  formats: {
    customizers: {
      jwt(ctx, token, jwt) {
        const { iat, scope, client_id: azp } = jwt.payload;
        const scp = scope.split(' ').map((one) => one.slice(one.lastIndexOf('/') + 1)).join(' ');
        Object.assign(jwt.payload, { ver: '2.0', tid: tenant, oid: user.oid, azp, azpacr: azp === broker.clientId ? '0' : '2', scp, nbf: iat });
      },
    },
  },
  findAccount: (ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, tid: tenant, oid: user.oid, name: user.name, preferred_username: user.username }),
  }),
  async loadExistingGrant(ctx) {
    const { client, session } = ctx.oidc;
    const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope(OIDC.join(' '));
    for (const scope of controlScopes) grant.addResourceScope(resourceOf(scope), scope);
    await grant.save();
    return grant;
  },
});
// Entra's issuer is not the place that its endpoints are below.
provider.issuer = issuer;

const keys = createRemoteJWKSet(new URL(provider.urlFor('jwks')));
provider.registerGrantType(OBO, async (ctx) => {
  const { client, params } = ctx.oidc;
  const { payload } = await jwtVerify(params.assertion, keys, { issuer, audience: client.clientId, algorithms: ['RS256'] })
    .catch((why) => { throw Object.assign(new Error('invalid_grant'), { statusCode: 400, expose: true, error_description: why.message }); });
  const token = new provider.AccessToken({ accountId: payload.sub, client, gty: OBO });
  token.resourceServer = new provider.ResourceServer(backend.resource, resourceServer(backend.resource));
  token.scope = params.scope;
  ctx.body = { access_token: await token.save(), expires_in: token.expiration, scope: token.scope, token_type: 'Bearer' };
}, ['assertion', 'requested_token_use', 'scope', 'claims'], []);

// An Entra key says itself whose it is.
provider.use(async (ctx, next) => {
  await next();
  if (ctx.oidc?.route === 'jwks') ctx.body = { keys: ctx.body.keys.map((key) => ({ ...key, issuer })) };
});
provider.on('grant.success', (ctx) => tell({
  event: 'grant.success', grant: ctx.oidc.params.grant_type, client: ctx.oidc.client.clientId, authenticated: ctx.oidc.client.clientAuthMethod,
  verified: Boolean(ctx.oidc.params.code_verifier), rotated: Boolean(ctx.oidc.entities.RotatedRefreshToken),
}));
const refused = (event) => (ctx, error) => tell({ event, error: error.error ?? error.message, why: error.error_detail ?? error.error_description ?? String(error.stack) });
for (const event of ['grant.error', 'authorization.error', 'server_error', 'jwks.error']) provider.on(event, refused(event));

// Whoever comes is the one user; nobody has to type.
const answer = provider.callback();
server.on('request', async (request, response) => {
  if (!request.url.startsWith('/interaction/')) return answer(request, response);
  await provider.interactionDetails(request, response);
  return provider.interactionFinished(request, response, { login: { accountId: user.oid } });
});

/** A user's token for the first control client, as the broker would get it: for whoever measures what follows. */
async function usersToken() {
  const client = await provider.Client.find(broker.clientId);
  const token = new provider.AccessToken({ accountId: user.oid, client, gty: 'authorization_code' });
  const resource = resourceOf(controlScopes[0]);
  token.resourceServer = new provider.ResourceServer(resource, resourceServer(resource));
  token.scope = controlScopes[0];
  return token.save();
}

tell({ origin, token: await usersToken() });
endWithParent();
