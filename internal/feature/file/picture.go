package file

import (
	"bytes"
	"context"
	"image"
	"image/color"
	stddraw "image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"

	"linli/internal/core/fault"
)

// Sides of what is kept, in pixels of the longer side.
const (
	fullSide  = 4096
	thumbSide = 480
)

// scansMost bounds the passes of a progressive JPEG, each of which visits the
// whole image; cameras and encoders write about ten.
const scansMost = 100

// picture is an image as it is kept.
type picture struct {
	media, ext    string
	full, thumb   []byte // thumb is always a JPEG
	width, height int
}

var decoders = map[string]struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}{
	"image/jpeg": {jpeg.DecodeConfig, jpeg.Decode},
	"image/png":  {png.DecodeConfig, png.Decode},
	"image/gif":  {gif.DecodeConfig, gif.Decode}, // the first frame: nothing moves on a page
	"image/webp": {webp.DecodeConfig, webp.Decode},
}

// measure checks size and passes without decoding and returns the pixels.
func measure(media string, b []byte) (int64, error) {
	d := decoders[media]
	c, err := d.config(bytes.NewReader(b))
	if err != nil || c.Width < 1 || c.Height < 1 {
		return 0, broken(err)
	}
	px := int64(c.Width) * int64(c.Height)
	if px > MaxPixels {
		return 0, fault.New(fault.TooLarge, "file.too_many_pixels", "max", MaxPixels/1_000_000)
	}
	if media == "image/jpeg" && bytes.Count(b, []byte{0xff, 0xda}) > scansMost {
		return 0, broken(nil)
	}
	return px, nil
}

func broken(cause error) error {
	f := fault.Field1("file", "file.broken")
	f.Cause = cause
	return f
}

// develop decodes an image and writes it anew, upright, at most fullSide wide
// and high, with a thumbnail. Opaque images become JPEG unless they came as
// PNG or GIF, whose flat colours JPEG would smear; those become PNG.
func (s *Service) develop(ctx context.Context, media string, b []byte) (picture, error) {
	px, err := measure(media, b)
	if err != nil {
		return picture{}, err
	}
	if err := s.pixels.Acquire(ctx, px); err != nil {
		return picture{}, err
	}
	defer s.pixels.Release(px)
	return develop(media, b)
}

func develop(media string, b []byte) (picture, error) {
	m, err := decoders[media].decode(bytes.NewReader(b))
	if err != nil {
		return picture{}, broken(err)
	}
	if m.Bounds().Empty() || int64(m.Bounds().Dx())*int64(m.Bounds().Dy()) > MaxPixels {
		return picture{}, broken(nil)
	}
	m = shrink(m, fullSide)
	if o := orientation(media, b); o > 1 {
		m = turn(canvas(m), o)
	}
	p := picture{media: "image/png", ext: ".png", width: m.Bounds().Dx(), height: m.Bounds().Dy()}
	var full bytes.Buffer
	if media == "image/jpeg" || media == "image/webp" && opaque(m) {
		p.media, p.ext = "image/jpeg", ".jpg"
		err = jpeg.Encode(&full, plain(m), &jpeg.Options{Quality: 85})
	} else {
		err = (&png.Encoder{CompressionLevel: png.DefaultCompression}).Encode(&full, m)
	}
	if err != nil {
		return picture{}, err
	}
	small := shrink(m, thumbSide)
	paper := image.NewRGBA(image.Rectangle{Max: small.Bounds().Size()})
	stddraw.Draw(paper, paper.Bounds(), image.NewUniform(color.White), image.Point{}, stddraw.Src)
	stddraw.Draw(paper, paper.Bounds(), small, small.Bounds().Min, stddraw.Over)
	var thumb bytes.Buffer
	if err := jpeg.Encode(&thumb, paper, &jpeg.Options{Quality: 80}); err != nil {
		return picture{}, err
	}
	p.full, p.thumb = full.Bytes(), thumb.Bytes()
	return p, nil
}

func opaque(m image.Image) bool {
	o, ok := m.(interface{ Opaque() bool })
	return ok && o.Opaque()
}

// plain returns an image of a kind the JPEG encoder and the scaler read fast.
func plain(m image.Image) image.Image {
	switch m.(type) {
	case *image.YCbCr, *image.Gray, *image.RGBA:
		return m
	}
	return canvas(m)
}

// canvas copies m to an RGBA image at the origin.
func canvas(m image.Image) *image.RGBA {
	if c, ok := m.(*image.RGBA); ok && c.Rect.Min == (image.Point{}) {
		return c
	}
	c := image.NewRGBA(image.Rectangle{Max: m.Bounds().Size()})
	stddraw.Draw(c, c.Bounds(), m, m.Bounds().Min, stddraw.Src)
	return c
}

// shrink scales m until its longer side is at most side. It halves as long as
// that is coarser than asked: bilinear sampling averages 2 × 2 pixels, and the
// finer kernels of x/image would need 32 bytes for each row and column.
func shrink(m image.Image, side int) image.Image {
	for {
		w, h := m.Bounds().Dx(), m.Bounds().Dy()
		long := max(w, h)
		if long <= side {
			return m
		}
		to := max(side, (long+1)/2)
		dst := image.NewRGBA(image.Rect(0, 0, max(1, w*to/long), max(1, h*to/long)))
		draw.ApproxBiLinear.Scale(dst, dst.Bounds(), plain(m), m.Bounds(), draw.Src, nil)
		m = dst
	}
}

// turn makes an image upright that was stored under EXIF orientation o.
func turn(m *image.RGBA, o int) *image.RGBA {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if o >= 5 {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			var dx, dy int
			switch o {
			case 2:
				dx, dy = w-1-x, y
			case 3:
				dx, dy = w-1-x, h-1-y
			case 4:
				dx, dy = x, h-1-y
			case 5:
				dx, dy = y, x
			case 6:
				dx, dy = h-1-y, x
			case 7:
				dx, dy = h-1-y, w-1-x
			case 8:
				dx, dy = y, w-1-x
			default:
				dx, dy = x, y
			}
			copy(out.Pix[out.PixOffset(dx, dy):][:4], m.Pix[m.PixOffset(x, y):][:4])
		}
	}
	return out
}
