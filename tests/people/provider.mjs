// A real OpenID provider on loopback, for the tests: two clients, people who sign in by their name alone, keys that rotate.
// Started with the folder of its library and, if wanted, a port; says where it is in one line.

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

const [folder, port = '0'] = process.argv.slice(2);
const library = pathToFileURL(`${folder}/node_modules/oidc-provider/lib/index.js`).href;
const { default: Provider } = await import(library);

let made = 0;
const newKeys = () => {
  made += 1;
  const key = (kind, options, more) => ({
    ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }), use: 'sig', kid: `${kind}-${made}`, ...more,
  });
  return [key('rsa', { modulusLength: 2048 }, { alg: 'RS256' }), key('ec', { namedCurve: 'P-256' }, { alg: 'ES256' })];
};

const client = (id, alg) => ({
  client_id: id,
  application_type: 'native',
  token_endpoint_auth_method: 'none',
  redirect_uris: ['http://127.0.0.1/callback'],
  grant_types: ['authorization_code'],
  response_types: ['code'],
  id_token_signed_response_alg: alg,
});

const fetched = {};
let issuer;
let provider;
let keys = newKeys();
const serve = () => {
  provider = new Provider(issuer, {
    clients: [client('tenfold-wigan', 'RS256'), client('tenfold-salford', 'ES256')],
    jwks: { keys },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256'] },
    pkce: { required: () => true },
    conformIdTokenClaims: false,
    claims: { openid: ['sub', 'groups'] },
    features: { devInteractions: { enabled: false } },
    cookies: { keys: ['for a test'] },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    // Who is in the group is said by the name.
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => ({ sub, groups: sub.startsWith('finance') ? ['everybody', 'pooled-fund-finance'] : ['everybody'] }),
    }),
  });
};

// Signs in whoever `login_hint` names, and consents.
const interact = async (request, response) => {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: params.login_hint } });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope('openid');
  const grantId = await grant.save();
  return provider.interactionFinished(request, response, { consent: { grantId } }, { mergeWithLastSubmission: true });
};

const server = createServer(async (request, response) => {
  const path = request.url.split('?')[0];
  fetched[path] = (fetched[path] ?? 0) + 1;
  const say = (text) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(text));
  try {
    if (path === '/test/fetched') return say(fetched);
    // A new key is published, then signs, then the old one goes.
    if (path === '/test/announce') { keys = [...keys, ...newKeys()]; serve(); return say({}); }
    if (path === '/test/rotate') { keys = [...keys.slice(2), ...keys.slice(0, 2)]; serve(); return say({}); }
    if (path === '/test/retire') { keys = keys.slice(0, 2); serve(); return say({}); }
    if (path.startsWith('/interaction/')) return await interact(request, response);
    return provider.callback()(request, response);
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});

server.listen(Number(port), '127.0.0.1', () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  serve();
  console.log(`issuer ${issuer}`);
});
// It ends with whoever started it.
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
