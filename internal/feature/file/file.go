// Package file keeps what people upload (附件): photographs of a wish, proof of
// a delivery, the attachment of a notice.
//
// A file is uploaded first and belongs to its uploader alone. A feature then
// attaches it to a matter inside the transaction of its own act; from then on
// whoever may see the matter may see the file, and nobody else can tell that
// it exists. What nobody attached within a day is thrown away.
//
// Photographs are decoded and written anew, turned upright, without EXIF: no
// place, time or camera leaves the phone. Documents stay as they are and are
// only ever downloaded. What a browser could run (SVG, HTML, macros) is refused.
package file

import (
	"context"
	"embed"
	"time"

	"linli/internal/core/actor"
)

// Locale holds the texts of this feature.
//
//go:embed locale
var Locale embed.FS

// Bounds.
const (
	MaxBytes   = 20 << 20       // of one upload
	MaxPixels  = 40_000_000     // of one image, before it is decoded
	AttachMost = 9              // files in one act
	LooseMost  = 60             // files of one account that belong to nothing yet
	LooseFor   = 24 * time.Hour // how long they are kept
	nameMost   = 100            // runes of a file name
)

// File is one uploaded file.
type File struct {
	ID          string `db:"id"`
	Owner       string `db:"owner"` // account id of the uploader
	Name        string `db:"name"`
	Media       string `db:"media"` // media type without parameters
	Bytes       int64  `db:"bytes"`
	SHA256      string `db:"sha256"` // hex, of what is kept
	Width       int    `db:"width"`  // pixels, 0 for what is not an image
	Height      int    `db:"height"`
	CreatedAt   int64  `db:"created_at"`
	Subject     string `db:"subject"`      // id of the matter it belongs to, "" for none yet
	SubjectKind string `db:"subject_kind"` // kind of that matter, such as "wish"
	Position    int    `db:"position"`     // order within the matter
	Deleted     int64  `db:"deleted"`      // UTC ms, 0 while it stands
}

// Image reports whether the file is a photograph with a thumbnail.
func (f File) Image() bool { return f.Width > 0 }

// Meta is what others are told of a file, in pages and in the API.
type Meta struct {
	ID        string  `json:"id"`
	Name      string  `json:"name"`
	Type      string  `json:"type"`
	Bytes     int64   `json:"bytes"`
	URL       string  `json:"url"`
	Thumbnail *string `json:"thumbnail"` // nil for what is not an image
	Width     int     `json:"-"`
	Height    int     `json:"-"`
}

// Meta returns what others are told.
func (f File) Meta() Meta {
	m := Meta{ID: f.ID, Name: f.Name, Type: f.Media, Bytes: f.Bytes, URL: "/files/" + f.ID, Width: f.Width, Height: f.Height}
	if f.Image() {
		t := m.URL + "/thumbnail"
		m.Thumbnail = &t
	}
	return m
}

// Location is the address of the file, for 201.
func (m Meta) Location() string { return m.URL }

// Viewer says for one kind of matter who may see it. app wires one for each.
type Viewer interface {
	// MaySee reports whether the actor may see the matter and thereby its
	// files. A matter that does not exist is not seen.
	MaySee(ctx context.Context, a actor.Actor, subject string) (bool, error)
}
