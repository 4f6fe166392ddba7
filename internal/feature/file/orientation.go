package file

import (
	"bytes"
	"encoding/binary"
)

// orientation reads how the camera was held from the EXIF block of a JPEG, PNG
// or WebP (tag 0x0112 of EXIF 2.32): 1 upright … 8. What cannot be read is 1.
func orientation(media string, b []byte) int {
	switch media {
	case "image/jpeg":
		return tiffOrientation(jpegExif(b))
	case "image/png":
		return tiffOrientation(chunk(b, 8, "eXIf", binary.BigEndian, 4, 1))
	case "image/webp":
		return tiffOrientation(bytes.TrimPrefix(chunk(b, 12, "EXIF", binary.LittleEndian, 0, 2), []byte("Exif\x00\x00")))
	}
	return 1
}

// jpegExif returns the TIFF block of the APP1 segment before the first scan.
func jpegExif(b []byte) []byte {
	for i := 2; i+4 <= len(b) && b[i] == 0xff; {
		mark := b[i+1]
		if mark == 0xff { // fill byte
			i++
			continue
		}
		n := int(binary.BigEndian.Uint16(b[i+2:]))
		if mark == 0xda || n < 2 || i+2+n > len(b) {
			return nil
		}
		if body := b[i+4 : i+2+n]; mark == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
			return body[6:]
		}
		i += 2 + n
	}
	return nil
}

// chunk finds a chunk of PNG (length, name, body, 4 bytes of CRC) or RIFF
// (name, length, body, padded to even).
func chunk(b []byte, i int, name string, order binary.ByteOrder, tail, align int) []byte {
	for i+8 <= len(b) {
		at, size := i, i+4
		if tail > 0 {
			at, size = i+4, i
		}
		n := int64(order.Uint32(b[size:]))
		if n > int64(len(b)-i-8) {
			return nil
		}
		body := b[i+8 : i+8+int(n)]
		if string(b[at:at+4]) == name {
			return body
		}
		i += 8 + int(n) + tail
		i += i % align
	}
	return nil
}

func tiffOrientation(b []byte) int {
	if len(b) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	switch string(b[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
	default:
		return 1
	}
	at := int64(order.Uint32(b[4:]))
	if at+2 > int64(len(b)) {
		return 1
	}
	rows := b[at+2:]
	for range order.Uint16(b[at:]) {
		if len(rows) < 12 {
			break
		}
		if order.Uint16(rows) == 0x0112 && order.Uint16(rows[2:]) == 3 {
			if o := int(order.Uint16(rows[8:])); o >= 1 && o <= 8 {
				return o
			}
			break
		}
		rows = rows[12:]
	}
	return 1
}
