// Passkeys 通行密钥: buttons marked data-passkey ("new" to make one, "signin" to use one) show themselves where the browser
// can do it. Challenges and answers travel as base64url, as the server's library has them.
const bytes = (s) => Uint8Array.from(atob(s.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
const letters = (b) => btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

const post = async (path, body) => {
	const reply = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
	const answer = await reply.json();
	if (!reply.ok) throw new Error(answer.detail);
	return answer;
};

const make = async () => {
	const { options } = await post('/api/v1/passkeys/new', {});
	const key = options.publicKey;
	key.challenge = bytes(key.challenge);
	key.user.id = bytes(key.user.id);
	for (const k of key.excludeCredentials ?? []) k.id = bytes(k.id);
	const made = await navigator.credentials.create({ publicKey: key });
	const response = { attestationObject: letters(made.response.attestationObject), clientDataJSON: letters(made.response.clientDataJSON) };
	return post('/api/v1/passkeys', { credential: { id: made.id, rawId: letters(made.rawId), type: made.type, response } });
};

const use = async (next) => {
	const { options } = await post('/api/v1/signin/passkey/new', {});
	const key = options.publicKey;
	key.challenge = bytes(key.challenge);
	for (const k of key.allowCredentials ?? []) k.id = bytes(k.id);
	const got = await navigator.credentials.get({ publicKey: key });
	const r = got.response;
	const response = {
		authenticatorData: letters(r.authenticatorData), clientDataJSON: letters(r.clientDataJSON), signature: letters(r.signature),
		userHandle: r.userHandle ? letters(r.userHandle) : undefined,
	};
	return post('/api/v1/signin/passkey', { credential: { id: got.id, rawId: letters(got.rawId), type: got.type, response }, next });
};

for (const button of document.querySelectorAll('[data-passkey]')) {
	if (!window.PublicKeyCredential) continue;
	button.hidden = false;
	button.addEventListener('click', async () => {
		button.disabled = true;
		try {
			const { next } = button.dataset.passkey === 'new' ? await make() : await use(button.dataset.next);
			location.assign(next);
		} catch (err) {
			button.disabled = false;
			let say = button.nextElementSibling;
			if (!say?.matches('[role=alert]')) {
				say = document.createElement('p');
				say.setAttribute('role', 'alert');
				button.after(say);
			}
			say.textContent = err.message;
		}
	});
}
