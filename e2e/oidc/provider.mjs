// A real OpenID provider (panva's oidc-provider) for the sign-in test. Argument: the client's redirect address. It prints
// its own address when it can be asked; its development pages take any name and password.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [redirect] = process.argv.slice(2);
const server = createServer();
server.listen(0, '127.0.0.1', () => {
	const issuer = `http://127.0.0.1:${server.address().port}`;
	const provider = new Provider(issuer, {
		clients: [{ client_id: 'linli', client_secret: 'a secret between the two of them', redirect_uris: [redirect] }],
		cookies: { keys: ['a key of the test'] },
		pkce: { required: () => true },
		findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
	});
	server.on('request', provider.callback());
	console.log(issuer);
});
process.stdin.on('end', () => process.exit(0)).resume(); // ends with the test, however that ends
