package post

import (
	"context"
	"slices"
	"strings"

	"linli/internal/core/access"
	"linli/internal/core/actor"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/core/gate"
	"linli/internal/platform/db"
	"linli/internal/platform/sheet"
)

// unreadable is the kind of finding for a file that cannot be looked through.
const unreadable = "unreadable"

// Finding says what must not go out, and where: a field or the name of a file.
type Finding struct {
	Field  string
	Kind   string // of package gate, or "unreadable"
	Masked string
	Line   int // from 1
}

// scanned holds what was found in the attachments of a post, by the file's id.
// Files are read before the transaction, which must do no I/O of its own.
type scanned map[string][]Finding

type scannedKey struct{}

// official lists the phones that may stand in a post: of the community, of the
// levels above, and of the groups there.
func (s *Service) official(place string) []string {
	var phones []string
	for _, code := range []string{place, access.Up(place, access.Community), access.Up(place, access.Street), access.Up(place, access.District)} {
		if code == "" {
			continue
		}
		if p, err := s.Places.Get(code); err == nil {
			phones = append(phones, p.Phone)
		}
		for _, g := range s.Groups.At(code, "") {
			if g.Place == code {
				phones = append(phones, g.Phone)
			}
		}
	}
	return slices.DeleteFunc(phones, func(p string) bool { return p == "" })
}

func find(field, text string, allow []string) []Finding {
	var out []Finding
	for _, f := range gate.Scan(text, allow...) {
		out = append(out, Finding{field, string(f.Kind), f.Masked, 1 + strings.Count(text[:f.Start], "\n")})
	}
	return out
}

// inspect reads the attachments of a post the actor may see. It is called
// before the transaction of a publish; what it cannot open stays out of the
// result and stops the publish there.
func (s *Service) inspect(ctx context.Context, a actor.Actor, id string) context.Context {
	p, err := s.Machine.Read(ctx, s.Journal.DB, a, id, s.Journal.DB.Clock().Now().UnixMilli())
	if err != nil {
		return ctx // the move says what is wrong
	}
	files, err := s.Files.Of(ctx, s.Journal.DB, id)
	if err != nil || len(files) == 0 {
		return ctx
	}
	allow := s.official(p.Place)
	found := scanned{}
	for _, f := range files {
		if f.Thumbnail != nil {
			continue // what stands in pictures is for the eye
		}
		_, b, err := s.Files.Open(ctx, a, f.ID, false)
		if err != nil {
			continue
		}
		text, err := sheet.TextOf(f.Type, b)
		list := append(find(f.Name, f.Name, allow), find(f.Name, text, allow)...)
		if err != nil {
			list = append(list, Finding{Field: f.Name, Kind: unreadable})
		}
		found[f.ID] = list
	}
	return context.WithValue(ctx, scannedKey{}, found)
}

// findings is all that stops a post, from its words and the attachments
// inspected before.
func (s *Service) findings(ctx context.Context, q db.Queryer, p *Post) ([]Finding, error) {
	allow := s.official(p.Place)
	out := append(find("title", p.Title, allow), find("body", p.Body, allow)...)
	files, err := s.Files.Of(ctx, q, p.ID)
	if err != nil {
		return nil, err
	}
	seen, _ := ctx.Value(scannedKey{}).(scanned)
	for _, f := range files {
		if f.Thumbnail != nil {
			continue
		}
		list, ok := seen[f.ID]
		if !ok { // attached or lost since the inspection
			return nil, fault.New(fault.Conflict, "post.reason.files_changed")
		}
		out = append(out, list...)
	}
	return out, nil
}

// pass lets a post through the gate or refuses it with where and what.
func (s *Service) pass(ctx context.Context, tx *db.Tx, p *Post, c *flow.Change) error {
	found, err := s.findings(ctx, tx, p)
	if err != nil || len(found) == 0 {
		return err
	}
	if c.In.Text("override_reason") == "" {
		var faults fault.Fields
		for _, f := range found {
			key := "post.gate_file."
			if f.Field == "title" || f.Field == "body" {
				key = "post.gate."
			}
			faults.Add(f.Field, key+f.Kind, "masked", f.Masked, "line", f.Line, "where", f.Field)
		}
		return faults.Err()
	}
	if c.Actor.ID == p.Author {
		return fault.Field1("override_reason", "post.reason.second_override")
	}
	var kinds []string
	for _, f := range found {
		if !slices.Contains(kinds, f.Kind) {
			kinds = append(kinds, f.Kind)
		}
	}
	c.Code("overridden", kinds)
	return nil
}
