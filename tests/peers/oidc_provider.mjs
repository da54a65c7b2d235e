// The certified oidc-provider, with one client that must use PKCE; anybody signs in under any name.
// PORT, CALLBACK (any number, with spaces between), CLIENT_ID and CLIENT_SECRET come from the environment; run where the package is installed.
import Provider from 'oidc-provider';

const { PORT, CALLBACK, CLIENT_ID, CLIENT_SECRET } = process.env;
const provider = new Provider(`http://localhost:${PORT}`, {
  clients: [{ client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uris: CALLBACK.split(' ') }],
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['preferred_username'] },
  cookies: { keys: ['only for tests'] },
  findAccount: async (_context, id) => ({
    accountId: id,
    claims: async () => ({ sub: id, preferred_username: id, email: `${id}@example.com`, email_verified: true }),
  }),
});
provider.listen(Number(PORT), () => console.log('listening'));
