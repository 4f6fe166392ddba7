package sheet

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Text takes all text out of a file for the publication gate: of a CSV its cells; of an XLSX the cells, hidden ones and
// formulas included, notes, drawings, headers and properties; of a PDF its text layer, form fields, notes and properties.
// Each cell and each line stands on a line of its own, so that numbers side by side do not read as one.
//
// What stands in pictures is not seen. When a text cannot be read, or only in part (a scan, an encrypted file, a font without
// character map, an attachment), the error wraps [ErrUnreadable]; the text then is what could be read. A file beyond limits
// is a CellError.
func Text(r io.Reader, kind Kind, limits Limits) (string, error) {
	limits = limits.filled()
	data, err := readAll(r, limits.Bytes)
	if err != nil {
		return "", err
	}
	switch kind {
	case CSV:
		text, err := decode(data)
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
		// Not parsed: broken quotes must not hide anything.
		return strings.NewReplacer(",", "\n", ";", "\n", "\t", "\n", `"`, "").Replace(text), nil
	case XLSX:
		return xlsxText(data, limits)
	case PDF:
		return pdfText(data, limits)
	}
	return "", CellError{Key: "sheet.kind", Args: []any{string(kind)}}
}

// formOnly names parts of an XLSX without words: pictures, styles, links between parts.
var formOnly = regexp.MustCompile(`/$|\.(rels|png|jpe?g|gif|bmp|tiff?|emf|wmf|svg)$|^xl/(theme|printersettings)/|^xl/styles\.xml$`)

func xlsxText(data []byte, limits Limits) (string, error) {
	archive, err := openZip(data, limits)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	var text strings.Builder
	left := limits.Unpacked
	for _, entry := range archive.File {
		name := strings.ToLower(entry.Name)
		if formOnly.MatchString(name) {
			continue
		}
		in, err := entry.Open()
		if err != nil {
			return text.String(), fmt.Errorf("%w: %s: %w", ErrUnreadable, entry.Name, err)
		}
		counted := &counter{r: in, left: left}
		part, err := io.ReadAll(counted)
		in.Close()
		left = counted.left
		if errors.Is(err, errTooBig) {
			return text.String(), CellError{Key: "sheet.too_big", Args: []any{limits.Unpacked}}
		}
		if err != nil {
			return text.String(), fmt.Errorf("%w: %s: %w", ErrUnreadable, entry.Name, err)
		}
		if !strings.HasSuffix(name, ".xml") && !strings.HasSuffix(name, ".vml") {
			return text.String(), fmt.Errorf("%w: %s is an attachment", ErrUnreadable, entry.Name)
		}
		if err := xmlText(&text, part); err != nil {
			return text.String(), fmt.Errorf("%w: %s: %w", ErrUnreadable, entry.Name, err)
		}
	}
	return text.String(), nil
}

// xmlText writes an XML part's words: its character data, and the attributes in which names and remarks stand. Runs of one
// cell or paragraph are joined, as a number may be half bold.
func xmlText(text *strings.Builder, part []byte) error {
	d := xml.NewDecoder(bytes.NewReader(part))
	d.Strict = false // vml is half HTML
	d.AutoClose = xml.HTMLAutoClose
	d.Entity = xml.HTMLEntity
	shared := false
	for {
		token, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Local == "c" {
				shared = attr(t, "t") == "s" // its value is the number of a shared string, which comes by itself
			}
			for _, a := range t.Attr {
				switch a.Name.Local {
				case "name", "descr", "title", "prompt", "promptTitle", "error", "tooltip", "author", "location", "display", "alt", "string":
					text.WriteString(a.Value + "\n")
				}
			}
		case xml.CharData:
			if shared {
				continue
			}
			if words := strings.Trim(string(t), "\r\n"); words != "" {
				text.WriteString(whole(words))
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "t", "r", "rPr", "b", "font", "span":
			case "c":
				shared = false
				text.WriteByte('\n')
			default:
				text.WriteByte('\n')
			}
		}
	}
}
