package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// docMost bounds what of a .docx is unpacked.
const docMost = 64 << 20

// TextOf is all text of a document by its media type, with an error when some
// of it could not be read.
func TextOf(media string, b []byte) (string, error) {
	switch {
	case media == "application/pdf":
		return Text(bytes.NewReader(b), PDF, Limits{})
	case media == "text/csv":
		return Text(bytes.NewReader(b), CSV, Limits{})
	case strings.HasSuffix(media, "spreadsheetml.sheet"):
		return Text(bytes.NewReader(b), XLSX, Limits{})
	case strings.HasSuffix(media, "wordprocessingml.document"):
		return wordText(b)
	case strings.HasPrefix(media, "text/"):
		if strings.ToValidUTF8(string(b), "") == string(b) {
			return string(b), nil
		}
		out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(b)
		return string(out), err
	}
	return "", errors.New("no reader for " + media)
}

// wordText is the words of a .docx: of its body, notes, headers and properties.
func wordText(b []byte) (string, error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return "", err
	}
	var out strings.Builder
	left := int64(docMost)
	for _, f := range z.File {
		if !strings.HasSuffix(f.Name, ".xml") || strings.Contains(f.Name, "theme") || strings.Contains(f.Name, "styles") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return out.String(), err
		}
		part, err := io.ReadAll(io.LimitReader(r, left+1))
		r.Close()
		if left -= int64(len(part)); err != nil || left < 0 {
			return out.String(), errors.New("too much in " + f.Name)
		}
		d := xml.NewDecoder(bytes.NewReader(part))
		for {
			tok, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				return out.String(), err
			}
			switch t := tok.(type) {
			case xml.CharData: // runs of one paragraph are joined: a number may be half bold
				out.Write(t)
			case xml.EndElement:
				if t.Name.Local == "p" || t.Name.Local == "tc" || t.Name.Local == "br" || t.Name.Local == "tab" {
					out.WriteByte('\n')
				}
			}
		}
		out.WriteByte('\n')
	}
	return out.String(), nil
}
