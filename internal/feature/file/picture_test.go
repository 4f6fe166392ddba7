package file

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"runtime"
	"testing"

	"linli/internal/core/fault"
)

// sample is an image with a red left upper corner on blue.
func sample(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{0, 0, 255, 255}
			if x < w/4 && y < h/4 {
				c = color.RGBA{255, 0, 0, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

func jpegOf(m image.Image) []byte {
	var b bytes.Buffer
	jpeg.Encode(&b, m, &jpeg.Options{Quality: 95})
	return b.Bytes()
}

func pngOf(m image.Image) []byte {
	var b bytes.Buffer
	png.Encode(&b, m)
	return b.Bytes()
}

// tiff is an EXIF block with an orientation and a text that must not survive.
func tiff(order binary.AppendByteOrder, o uint16) []byte {
	b := []byte("II*\x00")
	if order.String() == "BigEndian" {
		b = []byte("MM\x00*")
	}
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(b, 0x0110) // camera model, ASCII
	b = order.AppendUint16(b, 2)
	b = order.AppendUint32(b, 20)
	b = order.AppendUint32(b, 38)
	b = order.AppendUint16(b, 0x0112)
	b = order.AppendUint16(b, 3)
	b = order.AppendUint32(b, 1)
	b = order.AppendUint16(b, o)
	b = order.AppendUint16(b, 0)
	b = order.AppendUint32(b, 0)
	return append(b, "GPS 32.0415N 118.69E"...)
}

// withExif puts the block into a JPEG or PNG.
func withExif(b, block []byte) []byte {
	if bytes.HasPrefix(b, []byte("\x89PNG")) {
		c := binary.BigEndian.AppendUint32(nil, uint32(len(block)))
		body := append([]byte("eXIf"), block...)
		c = append(c, body...)
		c = binary.BigEndian.AppendUint32(c, crc32.ChecksumIEEE(body))
		const ihdr = 8 + 25
		return append(append(append([]byte{}, b[:ihdr]...), c...), b[ihdr:]...)
	}
	body := append([]byte("Exif\x00\x00"), block...)
	seg := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(body)+2))
	seg = append(seg, body...)
	return append(append(append([]byte{}, b[:2]...), seg...), b[2:]...)
}

func red(c color.Color) bool {
	r, _, b, _ := c.RGBA()
	return r > 0xc000 && b < 0x4000
}

// TestUprightWithoutExif: whatever way the phone was held, the corner that was
// up and left on the scene is so in what is kept, and nothing of EXIF remains.
func TestUprightWithoutExif(t *testing.T) {
	scene := sample(64, 32)
	inverse := map[int]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
	for o, back := range inverse {
		stored := turn(scene, back) // as a camera held under o stores it
		for name, b := range map[string][]byte{
			"jpeg II": withExif(jpegOf(stored), tiff(binary.LittleEndian, uint16(o))),
			"jpeg MM": withExif(jpegOf(stored), tiff(binary.BigEndian, uint16(o))),
			"png":     withExif(pngOf(stored), tiff(binary.BigEndian, uint16(o))),
		} {
			media, err := classify("x.jpg", b)
			if err != nil {
				t.Fatal(err)
			}
			p, err := develop(media, b)
			if err != nil {
				t.Fatalf("%s %d: %v", name, o, err)
			}
			for _, out := range [][]byte{p.full, p.thumb} {
				m, _, err := image.Decode(bytes.NewReader(out))
				if err != nil {
					t.Fatal(err)
				}
				if m.Bounds().Dx() != 64 || m.Bounds().Dy() != 32 || !red(m.At(3, 3)) || red(m.At(60, 28)) || red(m.At(3, 28)) || red(m.At(60, 3)) {
					t.Errorf("%s, orientation %d: not upright", name, o)
				}
				if bytes.Contains(out, []byte("GPS")) || bytes.Contains(out, []byte("Exif")) || bytes.Contains(out, []byte("eXIf")) {
					t.Errorf("%s, orientation %d: EXIF survived", name, o)
				}
			}
			if p.width != 64 || p.height != 32 {
				t.Errorf("%s, orientation %d: told %d × %d", name, o, p.width, p.height)
			}
		}
	}
}

func TestFormats(t *testing.T) {
	glass := image.NewNRGBA(image.Rect(0, 0, 900, 300))
	var gifs bytes.Buffer
	frames := &gif.GIF{}
	for range 3 {
		frames.Image = append(frames.Image, image.NewPaletted(image.Rect(0, 0, 10, 10), color.Palette{color.Black, color.White}))
		frames.Delay = append(frames.Delay, 1)
	}
	gif.EncodeAll(&gifs, frames)
	lossy, _ := os.ReadFile("testdata/lossy.webp")
	lossless, _ := os.ReadFile("testdata/lossless.webp")
	for name, c := range map[string]struct {
		in     []byte
		media  string
		tw, th int
	}{
		"jpeg":          {jpegOf(sample(960, 480)), "image/jpeg", 480, 240},
		"grey jpeg":     {jpegOf(image.NewGray(image.Rect(0, 0, 50, 20))), "image/jpeg", 50, 20},
		"tall png":      {pngOf(sample(100, 2000)), "image/png", 24, 480},
		"glass png":     {pngOf(glass), "image/png", 480, 160},
		"16 bit png":    {pngOf(image.NewNRGBA64(image.Rect(0, 0, 9, 9))), "image/png", 9, 9},
		"thin png":      {pngOf(sample(6000, 1)), "image/png", 480, 1},
		"gif":           {gifs.Bytes(), "image/png", 10, 10},
		"lossy webp":    {lossy, "image/jpeg", 150, 103},
		"lossless webp": {lossless, "image/jpeg", 0, 0},
	} {
		media, err := classify("x", c.in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		p, err := develop(media, c.in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		full, _, err := image.DecodeConfig(bytes.NewReader(p.full))
		thumb, terr := jpeg.DecodeConfig(bytes.NewReader(p.thumb))
		if err != nil || terr != nil {
			t.Fatalf("%s: %v %v", name, err, terr)
		}
		if c.tw == 0 {
			c.tw, c.th = min(480, full.Width), thumb.Height
		}
		if p.media != c.media || thumb.Width != c.tw || thumb.Height != c.th || full.Width != p.width || full.Width > fullSide {
			t.Errorf("%s: %s, full %d × %d, thumbnail %d × %d", name, p.media, full.Width, full.Height, thumb.Width, thumb.Height)
		}
	}
	p, _ := develop("image/png", pngOf(glass))
	m, _ := jpeg.Decode(bytes.NewReader(p.thumb))
	if r, _, _, _ := m.At(5, 5).RGBA(); r < 0xf000 {
		t.Error("glass is not shown on white")
	}
}

// pngClaiming is a small PNG that claims to be w × h.
func pngClaiming(w, h uint32) []byte {
	b := pngOf(sample(1, 1))
	binary.BigEndian.PutUint32(b[16:], w)
	binary.BigEndian.PutUint32(b[20:], h)
	binary.BigEndian.PutUint32(b[29:], crc32.ChecksumIEEE(b[12:29]))
	return b
}

// TestBombs: what claims or hides too much is refused before memory is taken.
func TestBombs(t *testing.T) {
	hugeJPEG := jpegOf(sample(8, 8))
	at := bytes.Index(hugeJPEG, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(hugeJPEG[at+5:], 65500)
	binary.BigEndian.PutUint16(hugeJPEG[at+7:], 65500)
	hugeGIF := []byte("GIF89a\xff\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x02D\x01\x00;")
	lossless, _ := os.ReadFile("testdata/lossless.webp")
	hugeWebP := bytes.Clone(lossless)
	at = bytes.Index(hugeWebP, []byte("VP8L")) + 9 // 14 bits of width, 14 of height
	copy(hugeWebP[at:], "\xff\xff\xff\x0f")
	// A small canvas around a huge picture.
	hidden := append([]byte("RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), hugeWebP[12:]...)
	binary.LittleEndian.PutUint32(hidden[4:], uint32(len(hidden)-8))
	scans := jpegOf(sample(8, 8))
	sos := bytes.Index(scans, []byte{0xff, 0xda})
	scans = append(scans[:len(scans)-2], bytes.Repeat(scans[sos:len(scans)-2], scansMost+1)...)
	for name, c := range map[string]struct {
		media string
		b     []byte
	}{
		"png":         {"image/png", pngClaiming(40_000, 40_000)},
		"png 16":      {"image/png", pngClaiming(MaxPixels+1, 1)},
		"png most":    {"image/png", pngClaiming(1<<31-1, 1<<31-1)},
		"png nothing": {"image/png", pngClaiming(0, 0)},
		"jpeg":        {"image/jpeg", hugeJPEG},
		"jpeg scans":  {"image/jpeg", scans},
		"gif":         {"image/gif", hugeGIF},
		"webp":        {"image/webp", hugeWebP},
		"webp hidden": {"image/webp", hidden},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := measure(c.media, c.b)
		if err == nil {
			_, err = develop(c.media, c.b)
		}
		runtime.ReadMemStats(&after)
		if !fault.Is(err, fault.TooLarge) && !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
			t.Errorf("%s took %d MiB", name, used>>20)
		}
	}
	if px, err := measure("image/png", pngClaiming(8000, 5000)); err != nil || px != MaxPixels {
		t.Errorf("just right: %d %v", px, err)
	}
}

func TestLargestPhotograph(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes 40 million pixels")
	}
	p, err := develop("image/jpeg", jpegOf(image.NewYCbCr(image.Rect(0, 0, 8000, 5000), image.YCbCrSubsampleRatio420)))
	if err != nil || p.width != fullSide || p.height != fullSide*5/8 {
		t.Errorf("%d × %d, %v", p.width, p.height, err)
	}
}

func FuzzPicture(f *testing.F) {
	for _, name := range []string{"lossy", "lossless"} {
		b, err := os.ReadFile("testdata/" + name + ".webp")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(withExif(jpegOf(sample(9, 5)), tiff(binary.LittleEndian, 6)))
	f.Add(withExif(pngOf(sample(3, 3)), tiff(binary.BigEndian, 5)))
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"))
	f.Add([]byte("RIFF\x10\x00\x00\x00WEBPEXIF\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for media := range decoders {
			if o := orientation(media, b); o < 1 || o > 8 {
				t.Fatalf("orientation %d", o)
			}
		}
		media, err := classify("x.txt", b)
		if _, ok := decoders[media]; err != nil || !ok {
			return
		}
		px, err := measure(media, b)
		if err != nil || px > 1<<20 { // the fuzzer has little memory and time
			return
		}
		p, err := develop(media, b)
		if err != nil {
			var fe *fault.Error
			if !errors.As(err, &fe) {
				t.Fatalf("not a fault: %v", err)
			}
			return
		}
		if c, _, err := image.DecodeConfig(bytes.NewReader(p.full)); err != nil || fmt.Sprint(c.Width, c.Height) != fmt.Sprint(p.width, p.height) {
			t.Fatalf("what is kept cannot be read: %v", err)
		}
	})
}
