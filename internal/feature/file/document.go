package file

import (
	"archive/zip"
	"bytes"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gabriel-vasile/mimetype"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/unicode/norm"

	"linli/internal/core/fault"
)

// Bounds of what an Office file may claim to hold; nothing of it is unpacked here.
const (
	entriesMost  = 5_000
	unpackedMost = 512 << 20
)

// Media types of Office documents.
const (
	docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// classify says by content what a file is. The name decides only between plain
// texts. Anything that is not on the list is refused.
func classify(name string, b []byte) (string, error) {
	found := mimetype.Detect(b)
	media, _, _ := strings.Cut(found.String(), ";")
	ext := strings.ToLower(path.Ext(name))
	switch media {
	case "image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf":
		return media, nil
	case "image/vnd.mozilla.apng":
		return "image/png", nil
	case "image/heic", "image/heif", "image/heic-sequence", "image/heif-sequence", "image/avif":
		return "", fault.New(fault.Unsupported, "file.heic")
	case "text/html", "image/svg+xml", "text/xml", "application/xhtml+xml", "text/javascript", "application/javascript":
		return "", refused()
	}
	if bytes.HasPrefix(b, []byte("PK\x03\x04")) {
		return office(b)
	}
	if !text(b) {
		return "", refused()
	}
	switch ext {
	case ".csv":
		return "text/csv", nil
	case ".txt":
		return "text/plain", nil
	}
	return "", refused()
}

func refused() error { return fault.New(fault.Unsupported, "file.kind") }

// office looks through the directory of a zip archive for a document or a
// workbook without macros.
func office(b []byte) (string, error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(z.File) > entriesMost {
		return "", refused()
	}
	var media string
	var types bool
	var total uint64
	for _, f := range z.File {
		if total += f.UncompressedSize64; f.UncompressedSize64 > unpackedMost || total > unpackedMost {
			return "", fault.New(fault.TooLarge, "file.unpacked", "max", unpackedMost>>20)
		}
		switch name := strings.ToLower(f.Name); {
		case name == "[content_types].xml":
			types = true
		case name == "word/document.xml":
			media = docx
		case name == "xl/workbook.xml":
			media = xlsx
		case strings.HasSuffix(name, "vbaproject.bin"):
			return "", fault.New(fault.Unsupported, "file.macros")
		}
	}
	if media == "" || !types {
		return "", refused()
	}
	return media, nil
}

// text reports whether b is text in UTF-8 or GB 18030, as spreadsheets in
// China still write it, without control characters.
func text(b []byte) bool {
	if bytes.ContainsFunc(b, func(r rune) bool { return r < 0x20 && r != '\n' && r != '\r' && r != '\t' && r != '\f' || r == 0x7f }) {
		return false
	}
	if utf8.Valid(b) {
		return true
	}
	out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(b)
	return err == nil && !bytes.ContainsRune(out, utf8.RuneError)
}

// cleanName keeps the last element of a file name, in NFC, without control and
// direction characters, at most nameMost runes with its extension kept. A NUL
// is refused as everywhere.
func cleanName(name string) (string, error) {
	if strings.ContainsRune(name, 0) || !utf8.ValidString(name) {
		return "", fault.Field1("file", "file.name")
	}
	name = norm.NFC.String(name)
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, name))
	if name == "" || strings.Trim(name, ".") == "" {
		return "file", nil
	}
	rs := []rune(name)
	if len(rs) > nameMost {
		ext := []rune(path.Ext(name))
		if len(ext) > 10 {
			ext = nil
		}
		rs = append(rs[:nameMost-len(ext)], ext...)
	}
	return string(rs), nil
}

// rename gives the name the extension of what the image became.
func rename(name, ext string) string {
	old := path.Ext(name)
	if lower := strings.ToLower(old); lower == ext || ext == ".jpg" && lower == ".jpeg" {
		return name
	}
	switch strings.ToLower(old) {
	case ".jpg", ".jpeg", ".png", ".gif", ".webp", ".apng":
		name = strings.TrimSuffix(name, old)
	}
	return name + ext
}
