// The organiser's page: keeps the QR fresh, and keeps a ticked list on the
// phone while there is no network. The list carries its operation id, so that
// it acts once however often it is sent.
const door = document.querySelector('[data-door]')
if (door) {
	const image = door.querySelector('img'), spoken = door.querySelector('[data-spoken]'), address = door.dataset.door
	const renew = async () => {
		let wait = 5000
		try {
			const answer = await fetch(address + '/door.json', { headers: { Accept: 'application/json' } })
			if (answer.ok) {
				const door = await answer.json()
				spoken.textContent = door.spoken
				image.src = address + '/door.svg?' + Date.now()
				wait = Math.max(1000, door.left + 200)
			}
		} catch { /* no network: try again */ }
		setTimeout(renew, wait)
	}
	setTimeout(renew, 1000)
}

const form = document.querySelector('form[data-offline]')
if (form) {
	const key = 'linli-mark ' + form.getAttribute('action'), note = form.querySelector('[data-offline-note]')
	const say = text => { note.textContent = text; note.hidden = !text }
	const send = async body => {
		const answer = await fetch(form.getAttribute('action'), { method: 'POST', body: new URLSearchParams(body), redirect: 'manual' })
		return answer.type === 'opaqueredirect' || answer.ok || answer.status === 409 || answer.status === 422
	}
	const sync = async () => {
		const kept = JSON.parse(localStorage.getItem(key) || '[]')
		if (!kept.length) return
		say(form.dataset.kept)
		try {
			while (kept.length && await send(kept[0])) {
				kept.shift()
				localStorage.setItem(key, JSON.stringify(kept))
			}
			if (!kept.length) {
				localStorage.removeItem(key)
				say(form.dataset.synced)
			}
		} catch { /* still no network */ }
	}
	form.addEventListener('submit', event => {
		if (navigator.onLine) return
		event.preventDefault()
		const kept = JSON.parse(localStorage.getItem(key) || '[]')
		kept.push([...new FormData(form), ['at', new Date().toISOString()]])
		localStorage.setItem(key, JSON.stringify(kept))
		const operation = form.querySelector('[name="_op"]')
		operation.value = crypto.randomUUID ? crypto.randomUUID() : String(Date.now()) + Math.random()
		say(form.dataset.kept)
	})
	addEventListener('online', sync)
	sync()
}
