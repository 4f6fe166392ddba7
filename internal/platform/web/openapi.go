package web

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"linli/internal/core/flow"
)

// OpenAPI writes the document of all /api/ routes, OpenAPI 3.1, from the same
// declarations that serve: Query and Body fields and the Go types of replies.
func (s *Server) OpenAPI() ([]byte, error) {
	reg := huma.NewMapRegistry("#/components/schemas/", schemaName)
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Linli 邻里", Version: "1",
			Description: "Open-source community governance: 五微共享、五联共治、接诉即办. Times are RFC 3339 in UTC, money is integer 分, places are code strings.",
		},
		Paths: map[string]*huma.PathItem{},
		Components: &huma.Components{Schemas: reg, SecuritySchemes: map[string]*huma.SecurityScheme{
			"bearer": {Type: "http", Scheme: "bearer"},
		}},
	}
	problemSchema := reg.Schema(reflect.TypeFor[problem](), true, "Problem")
	for _, r := range s.routes {
		if !r.API() {
			continue
		}
		r.Path = strings.TrimSuffix(strings.ReplaceAll(r.Path, "...}", "}"), "{$}") // ServeMux's own marks
		op := &huma.Operation{
			OperationID: r.Name, Summary: r.Summary, Method: r.Method, Path: r.Path,
			Tags: []string{strings.Split(strings.TrimPrefix(r.Path, "/api/v1/"), "/")[0]},
			Responses: map[string]*huma.Response{
				"default": {Description: "A problem (RFC 9457)", Content: map[string]*huma.MediaType{"application/problem+json": {Schema: problemSchema}}},
			},
		}
		if r.SignedIn {
			op.Security = []map[string][]string{{"bearer": {}}}
		}
		for _, part := range strings.Split(r.Path, "/") {
			if strings.HasPrefix(part, "{") {
				op.Parameters = append(op.Parameters, &huma.Param{Name: strings.Trim(part, "{}"), In: "path", Required: true, Schema: &huma.Schema{Type: "string"}})
			}
		}
		for _, f := range r.Query {
			op.Parameters = append(op.Parameters, &huma.Param{Name: f.Name, In: "query", Required: f.Required, Schema: FieldSchema(f)})
		}
		if r.unsafe() {
			op.Parameters = append(op.Parameters, &huma.Param{Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: "string"}, Description: "the same key answers with the first reply"})
			media, schema := "application/json", FieldsSchema(r.Body)
			if r.Type == "multipart/form-data" {
				media = r.Type
				schema = &huma.Schema{Type: "object", Properties: map[string]*huma.Schema{"file": {Type: "string", Format: "binary"}}, Required: []string{"file"}}
			}
			op.RequestBody = &huma.RequestBody{Required: slices.ContainsFunc(r.Body, func(f flow.Field) bool { return f.Required }), Content: map[string]*huma.MediaType{media: {Schema: schema}}}
		}
		ok := &huma.Response{Description: "Done"}
		if r.Out != nil {
			ok.Content = map[string]*huma.MediaType{"application/json": {Schema: reg.Schema(reflect.TypeOf(r.Out), true, r.Name)}}
		}
		op.Responses[statusText(r.status())] = ok
		item := doc.Paths[r.Path]
		if item == nil {
			item = &huma.PathItem{}
			doc.Paths[r.Path] = item
		}
		switch r.Method {
		case "GET":
			item.Get = op
		case "POST":
			item.Post = op
		case "PUT":
			item.Put = op
		case "PATCH":
			item.Patch = op
		case "DELETE":
			item.Delete = op
		}
	}
	return json.MarshalIndent(doc, "", " ")
}

func statusText(status int) string {
	return string([]byte{byte('0' + status/100), byte('0' + status/10%10), byte('0' + status%10)})
}

// schemaName names a type by package and name, for two features may both have
// a View: wish.View is WishView, page.Of[wish.View] is PageOfWishView.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Name() == "" {
		return huma.DefaultSchemaNamer(t, hint)
	}
	var name strings.Builder
	full := t.PkgPath() + "." + t.Name() // linli/internal/core/page.Of[linli/internal/feature/wish.View]
	for word := range strings.FieldsFuncSeq(full, func(r rune) bool { return strings.ContainsRune("[], *·", r) }) {
		for part := range strings.SplitSeq(word[strings.LastIndexByte(word, '/')+1:], ".") {
			if part != "" {
				name.WriteString(strings.ToUpper(part[:1]) + part[1:])
			}
		}
	}
	return name.String()
}

// FieldsSchema is the JSON Schema of a set of fields; unknown ones are refused.
func FieldsSchema(fields []flow.Field) *huma.Schema {
	sc := &huma.Schema{Type: "object", Properties: map[string]*huma.Schema{}, AdditionalProperties: false}
	for _, f := range fields {
		sc.Properties[f.Name] = FieldSchema(f)
		if f.Required {
			sc.Required = append(sc.Required, f.Name)
		}
	}
	return sc
}

// FieldSchema is the JSON Schema of one field.
func FieldSchema(f flow.Field) *huma.Schema {
	whole := func(n int64) *int { i := int(n); return &i }
	number := func(n int64) *float64 { x := float64(n); return &x }
	switch f.Kind {
	case flow.Int:
		sc := &huma.Schema{Type: "integer", Format: "int64", Minimum: number(f.Min)}
		if f.Max != 0 {
			sc.Maximum = number(f.Max)
		}
		return sc
	case flow.Bool:
		return &huma.Schema{Type: "boolean"}
	case flow.Moment:
		return &huma.Schema{Type: "string", Format: "date-time"}
	case flow.Enum:
		sc := &huma.Schema{Type: "string"}
		for _, v := range f.Values {
			sc.Enum = append(sc.Enum, v)
		}
		return sc
	case flow.Refs, flow.Files:
		item := &huma.Schema{Type: "string"}
		if len(f.Fields) > 0 {
			item = &huma.Schema{OneOf: []*huma.Schema{item, FieldsSchema(f.Fields)}}
		}
		return &huma.Schema{Type: "array", Items: item}
	case flow.Object:
		if f.Short != "" {
			return &huma.Schema{OneOf: []*huma.Schema{{Type: "string"}, FieldsSchema(f.Fields)}}
		}
		return FieldsSchema(f.Fields)
	}
	sc := &huma.Schema{Type: "string"}
	if f.Max != 0 {
		sc.MaxLength = whole(f.Max)
	}
	return sc
}
