package tlog

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
	merkle "golang.org/x/mod/sumdb/tlog"
)

// Key signs checkpoints (Ed25519, signature type 0x01 of c2sp.org/signed-note).
type Key struct {
	// Public is the verifier key, to be published: NAME+ID+BASE64.
	Public   string
	signer   note.Signer
	verifier note.Verifier
}

// NewKey makes the key of an origin from a secret seed of 32 bytes. The same
// seed gives the same key. The origin has no space and no plus.
func NewKey(origin string, seed []byte) (Key, error) {
	if len(seed) != ed25519.SeedSize {
		return Key{}, fmt.Errorf("tlog: the seed has %d bytes, not %d", len(seed), ed25519.SeedSize)
	}
	pub := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	const ed25519Type = 1
	sum := sha256.Sum256(append([]byte(origin+"\n\x01"), pub...))
	id := binary.BigEndian.Uint32(sum[:])
	secret := fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", origin, id, base64.StdEncoding.EncodeToString(append([]byte{ed25519Type}, seed...)))
	s, err := note.NewSigner(secret)
	if err != nil {
		return Key{}, fmt.Errorf("tlog: key for %q: %w", origin, err)
	}
	public, err := note.NewEd25519VerifierKey(origin, pub)
	if err != nil {
		return Key{}, err
	}
	v, err := note.NewVerifier(public)
	return Key{Public: public, signer: s, verifier: v}, err
}

// Verifier checks what the key signed.
func (k Key) Verifier() note.Verifier { return k.verifier }

// Checkpoint is the head of a log at one moment.
type Checkpoint struct {
	Origin    string
	Extension []string // further lines, opaque
	Tree
}

// Text is the note text: origin, size, root, extension lines.
func (c Checkpoint) Text() string {
	s := c.Origin + "\n" + strconv.FormatInt(c.Size, 10) + "\n" + c.Root.String() + "\n"
	for _, e := range c.Extension {
		s += e + "\n"
	}
	return s
}

// Sign returns the checkpoint as a signed note.
func (c Checkpoint) Sign(signers ...note.Signer) ([]byte, error) {
	if _, err := ParseCheckpoint(c.Text()); err != nil {
		return nil, err
	}
	return note.Sign(&note.Note{Text: c.Text()}, signers...)
}

var errCheckpoint = errors.New("tlog: malformed checkpoint")

// ParseCheckpoint reads a note text whose signatures were checked.
func ParseCheckpoint(text string) (Checkpoint, error) {
	body, ok := strings.CutSuffix(text, "\n")
	lines := strings.Split(body, "\n")
	if !ok || len(lines) < 3 || !utf8.ValidString(text) || strings.ContainsFunc(body, func(r rune) bool { return r < 0x20 && r != '\n' }) {
		return Checkpoint{}, errCheckpoint
	}
	for _, l := range lines {
		if l == "" {
			return Checkpoint{}, errCheckpoint
		}
	}
	c := Checkpoint{Origin: lines[0]}
	var err error
	if c.Size, err = decimal(lines[1]); err != nil {
		return Checkpoint{}, errCheckpoint
	}
	if c.Root, err = parseHash(lines[2]); err != nil {
		return Checkpoint{}, errCheckpoint
	}
	if len(lines) > 3 {
		c.Extension = lines[3:]
	}
	return c, nil
}

// decimal reads a non-negative number without sign or leading zeroes.
func decimal(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return 0, errors.New("tlog: malformed number")
	}
	return n, nil
}

func parseHash(s string) (Hash, error) {
	b, err := unbase64(s)
	if err != nil || len(b) != merkle.HashSize {
		return Hash{}, errors.New("tlog: malformed hash")
	}
	return Hash(b), nil
}

// unbase64 reads the one form that encoding gives; Go's decoder alone would
// pass over line breaks and stray bits.
func unbase64(s string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err == nil && base64.StdEncoding.EncodeToString(b) != s {
		err = errors.New("tlog: base64 in an unusual form")
	}
	return b, err
}

// noteMost bounds a signed note that is read.
const noteMost = 1 << 20

// OpenCheckpoint checks the signatures of a signed checkpoint and that it is
// of the origin. At least one verifier must have signed; a known one whose
// signature is wrong spoils the whole.
func OpenCheckpoint(msg []byte, origin string, verifiers ...note.Verifier) (Checkpoint, error) {
	if len(msg) > noteMost {
		return Checkpoint{}, errCheckpoint
	}
	n, err := note.Open(msg, note.VerifierList(verifiers...))
	if err != nil {
		return Checkpoint{}, err
	}
	c, err := ParseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != origin {
		return Checkpoint{}, fmt.Errorf("tlog: the checkpoint is of %q, not of %q", c.Origin, origin)
	}
	return c, nil
}
