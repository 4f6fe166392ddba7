package gate

// Personal lists what in a text its author should be asked about before
// everybody reads it: illness, and numbers of phones and identity cards.
func Personal(text string) []Hit {
	hits := Illness(text)
	for _, f := range Scan(text) {
		hits = append(hits, Hit{Start: f.Start, End: f.End, Word: f.Masked, Kind: string(f.Kind)})
	}
	return hits
}
