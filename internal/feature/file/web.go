package file

import (
	"mime"
	"net/http"
	"strings"

	"linli/internal/core/fault"
	"linli/internal/platform/web"
)

// Routes lists the doors of files.
func (s *Service) Routes() []web.Route {
	return []web.Route{
		{
			Method: "POST", Path: "/api/v1/files", Name: "upload-file", Summary: "Upload one file, to be named in a later act",
			SignedIn: true, Type: "multipart/form-data", MaxBytes: MaxBytes + 64<<10, Out: Meta{}, Status: http.StatusCreated, Do: s.upload,
		},
		{Method: "GET", Path: "/files/{id}", Name: "read-file", Summary: "A file, for who may see its matter", Do: func(c *web.Call) (any, error) { return s.serve(c, false) }},
		{Method: "GET", Path: "/files/{id}/thumbnail", Name: "read-thumbnail", Summary: "A small picture of an image", Do: func(c *web.Call) (any, error) { return s.serve(c, true) }},
	}
}

func (s *Service) upload(c *web.Call) (any, error) {
	for name := range c.Form() {
		if !strings.HasPrefix(name, "_") {
			return nil, fault.Field1(name, "fault.unknown_field")
		}
	}
	heads := c.Uploads("file")
	if len(heads) != 1 {
		return nil, fault.Field1("file", "file.one")
	}
	r, err := heads[0].Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return value(s.Upload(c.Context(), c.Actor, heads[0].Filename, r))
}

func value(m Meta, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return m, nil
}

// serve answers with the bytes. Images are ours, newly written, and shown in
// place, without the name they had on the phone; documents are downloaded. A
// browser may keep what anybody may see, asking each time whether it still may.
func (s *Service) serve(c *web.Call, thumb bool) (any, error) {
	f, public, err := s.see(c.Context(), c.Actor, c.Path("id"), thumb)
	if err != nil {
		return nil, err
	}
	raw := web.Raw{Type: f.Media, Header: map[string]string{
		"Content-Disposition":          "inline",
		"Content-Security-Policy":      "default-src 'none'; sandbox",
		"Cross-Origin-Resource-Policy": "same-origin",
		"X-Content-Type-Options":       "nosniff",
		"Cache-Control":                "private, no-store",
	}}
	switch {
	case thumb:
		raw.Type = "image/jpeg"
	case !f.Image():
		raw.Header["Content-Disposition"] = mime.FormatMediaType("attachment", map[string]string{"filename": f.Name})
	}
	if public {
		tag := `"` + f.SHA256[:32] + `"`
		raw.Header["Cache-Control"], raw.Header["ETag"] = "private, no-cache", tag
		if strings.Contains(c.R.Header.Get("If-None-Match"), tag) {
			for k, v := range raw.Header {
				c.W.Header().Set(k, v)
			}
			c.W.WriteHeader(http.StatusNotModified)
			return nil, nil
		}
	}
	raw.Body, err = s.read(c.Context(), f, thumb)
	if err != nil {
		return nil, err
	}
	return raw, nil
}
