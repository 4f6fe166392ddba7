package tlog

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

const (
	proofHead   = "c2sp.org/tlog-proof@v1\n"
	hashesMost  = 63 // a proof has no more hashes than a tree of int64 has levels
	proofLength = noteMost + 64<<10
)

// Proof is a self-contained proof that an entry stands in a log: what a voter
// or a petitioner keeps and can check offline (c2sp.org/tlog-proof).
type Proof struct {
	Extra      []byte // not covered by anything; nil for none
	Index      int64
	Hashes     []Hash
	Checkpoint []byte // signed note, verbatim
}

// Text is the proof as a file, by custom named *.tlog-proof.
func (p Proof) Text() string {
	var b strings.Builder
	b.WriteString(proofHead)
	if p.Extra != nil {
		b.WriteString("extra " + base64.StdEncoding.EncodeToString(p.Extra) + "\n")
	}
	b.WriteString("index " + strconv.FormatInt(p.Index, 10) + "\n")
	for _, h := range p.Hashes {
		b.WriteString(h.String() + "\n")
	}
	b.WriteString("\n")
	b.Write(p.Checkpoint)
	return b.String()
}

var errProof = errors.New("tlog: malformed proof")

// ParseProof reads a proof. It checks nothing but the form.
func ParseProof(s string) (Proof, error) {
	rest, ok := strings.CutPrefix(s, proofHead)
	if !ok || len(s) > proofLength {
		return Proof{}, errProof
	}
	head, checkpoint, ok := strings.Cut(rest, "\n\n")
	if !ok || checkpoint == "" {
		return Proof{}, errProof
	}
	p := Proof{Checkpoint: []byte(checkpoint)}
	lines := strings.Split(head, "\n")
	if extra, ok := strings.CutPrefix(lines[0], "extra "); ok {
		b, err := unbase64(extra)
		if err != nil {
			return Proof{}, errProof
		}
		p.Extra, lines = append([]byte{}, b...), lines[1:]
	}
	if len(lines) == 0 || len(lines) > 1+hashesMost {
		return Proof{}, errProof
	}
	index, ok := strings.CutPrefix(lines[0], "index ")
	if !ok {
		return Proof{}, errProof
	}
	var err error
	if p.Index, err = decimal(index); err != nil {
		return Proof{}, errProof
	}
	for _, l := range lines[1:] {
		h, err := parseHash(l)
		if err != nil {
			return Proof{}, errProof
		}
		p.Hashes = append(p.Hashes, h)
	}
	return p, nil
}

// Check verifies offline that the entry stands at the proof's index in a log
// of the origin, as signed by one of the verifiers, and returns the checkpoint
// that says so.
func (p Proof) Check(entry []byte, origin string, verifiers ...note.Verifier) (Checkpoint, error) {
	c, err := OpenCheckpoint(p.Checkpoint, origin, verifiers...)
	if err != nil {
		return Checkpoint{}, err
	}
	return c, CheckInclusion(p.Hashes, c.Tree, p.Index, EntryHash(entry))
}
