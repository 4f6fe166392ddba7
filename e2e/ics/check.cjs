// Reads a calendar with two parsers and prints what each understood, as JSON.
const fs = require('fs')
const text = fs.readFileSync(0, 'utf8')
const main = async () => {
	const ICAL = (await import('ical.js')).default
	const root = new ICAL.Component(ICAL.parse(text))
	const one = root.getAllSubcomponents('vevent').map(c => {
		const e = new ICAL.Event(c)
		return { uid: e.uid, summary: e.summary, start: e.startDate.toJSDate().toISOString(), sequence: c.getFirstPropertyValue('sequence'), status: c.getFirstPropertyValue('status') }
	})
	const parsed = require('node-ical').sync.parseICS(text)
	const two = Object.values(parsed).filter(e => e.type === 'VEVENT').map(e => (
		{ uid: e.uid, summary: e.summary, start: e.start.toISOString(), sequence: Number(e.sequence), status: e.status }))
	console.log(JSON.stringify([one, two]))
}
main().catch(e => { console.error(e); process.exit(1) })
