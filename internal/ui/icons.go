package ui

import (
	"context"
	"io"

	"github.com/a-h/templ"
)

// icons are our own line drawings on a grid of 24, stroke 1.75, round ends.
var icons = map[string]string{
	"home":     `<path d="M2.8 11.2C6.6 10 9.6 7.4 12 3.6c2.4 3.8 5.4 6.4 9.2 7.6"/><path d="M5.2 11v9.200h13.600V11"/><path d="M9.8 20v-5.200h4.400V20"/>`,
	"desk":     `<path d="M4 20V9.500h16V20"/><path d="M2.5 9.500h19"/><path d="M7 9.500V5.200C7 4.5 7.5 4 8.2 4h7.600c.7 0 1.2.5 1.2 1.200v4.3"/><path d="M8.5 14h7M8.5 17h4"/>`,
	"plus":     `<path d="M12 5v14M5 12h14"/>`,
	"activity": `<rect x="3.5" y="5" width="17" height="15.5" rx="2"/><path d="M3.5 10h17M8 2.800V7M16 2.800V7"/><path d="M12 12.200l1 2 2.2.3-1.6 1.5.4 2.2-2-1.1-2 1.1.4-2.2-1.6-1.5 2.2-.3z"/>`,
	"person":   `<circle cx="12" cy="8" r="4"/><path d="M4 20.500c.8-4.3 3.9-6.5 8-6.500s7.2 2.2 8 6.5"/>`,
	"people":   `<circle cx="9" cy="8.5" r="3.5"/><path d="M2.5 20c.6-3.9 3-6 6.5-6s5.9 2.1 6.5 6"/><path d="M15.5 5.300a3.5 3.5 0 0 1 0 6.400M17.5 14.300c2.2.7 3.6 2.6 4 5.7"/>`,
	"wish":     `<path d="M12 20.300C6.5 16 3.3 12.9 3.3 9.200c0-2.6 2-4.6 4.4-4.6 1.7 0 3.3 1 4.3 2.7 1-1.7 2.6-2.7 4.3-2.7 2.4 0 4.4 2 4.4 4.6 0 3.7-3.2 6.8-8.7 11.100z"/>`,
	"project":  `<path d="M4 20.500V12l8-7.5 8 7.500v8.500z"/><path d="M8.5 20.500V15h7v5.500M8.5 17.700h7"/>`,
	"meeting":  `<path d="M3.5 5h11v8h-6l-3.5 3v-3H3.500z"/><path d="M17.5 9h3v8h-1.500v3l-3.5-3h-4.500v-1.5"/>`,
	"star":     `<path d="M12 3.500l2.6 5.4 5.9.8-4.3 4.1 1 5.9-5.2-2.8-5.2 2.8 1-5.900L3.5 9.700l5.9-.8z"/>`,
	"chart":    `<path d="M4 4v16h16.5"/><path d="M8.5 16.500v-5M13 16.500V7M17.5 16.500v-7"/>`,
	"hand":     `<path d="M3 13.500h3.200l4.3 2.200c1.2.6 1 2.3-.4 2.300H8"/><path d="M10.5 17.800l7.8-3.600c1.5-.6 2.7 1.2 1.5 2.300l-6.5 4.700H6.200L3 19.5"/><path d="M12.5 10.800C10 9 8.8 7.6 8.8 6c0-1.3 1-2.3 2.2-2.3.7 0 1.2.3 1.5.9.3-.6.9-.9 1.5-.9 1.2 0 2.2 1 2.2 2.3 0 1.6-1.2 3-3.7 4.800z"/>`,
	"wrench":   `<path d="M14.5 4.200a5 5 0 0 0-4.9 6.700l-6 6a2.1 2.1 0 0 0 3 3l6-6a5 5 0 0 0 6.5-6.400l-3 3-2.6-.7-.7-2.6 3-2.900a5 5 0 0 0-1.3-.1z"/>`,
	"bulb":     `<path d="M9 17.500c0-2-3-3.5-3-7.500a6 6 0 0 1 12 0c0 4-3 5.5-3 7.500z"/><path d="M9.5 20.800h5"/><path d="M12 17v-4.500l-2-2M12 12.500l2-2"/>`,
	"phone":    `<path d="M6.5 3.500l2.7 1 1 4.2-2 1.800c1 2.3 2.9 4.2 5.3 5.300l1.8-2 4.2 1 1 2.700c-.3 1.9-1.6 3-3.5 3C10.7 20.2 3.7 13.2 3.5 7c0-1.9 1.2-3.2 3-3.500z"/>`,
	"bell":     `<path d="M6 16.500V11a6 6 0 0 1 12 0v5.500l1.5 1.500h-15z"/><path d="M12 5V3.200M10 20.800h4"/>`,
	"vote":     `<path d="M4 12.500h16v8H4z"/><path d="M8 12.500V4h8v8.5"/><path d="M10 8l1.5 1.500L14.2 6.500M8.5 16h7"/>`,
	"todo":     `<rect x="4.5" y="4.5" width="15" height="16" rx="2"/><path d="M9 4.500V3h6v1.5"/><path d="M8.3 12.500l2.4 2.4 5-5"/>`,
	"post":     `<path d="M4 5h13v15.500H6a2 2 0 0 1-2-2z"/><path d="M17 9h3.500v9.500a2 2 0 0 1-4 0"/><path d="M7.5 9h6M7.5 12.500h6M7.5 16h4"/>`,
	"settings": `<circle cx="12" cy="12" r="3"/><path d="M12 3.500v2.700M12 17.800v2.700M3.5 12h2.700M17.8 12h2.700M6 6l1.9 1.900M16.1 16.100L18 18M18 6l-1.9 1.900M7.9 16.100L6 18"/>`,
	"search":   `<circle cx="10.8" cy="10.8" r="6.3"/><path d="M15.5 15.500l5 5"/>`,
	"place":    `<path d="M12 21c-4.6-4.6-7-8-7-11.300a7 7 0 0 1 14 0C19 13 16.6 16.4 12 21z"/><circle cx="12" cy="9.7" r="2.5"/>`,
	"clock":    `<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5.300l3.3 2"/>`,
	"check":    `<path d="M5 12.800l4.7 4.700L19.5 7"/>`,
	"done":     `<circle cx="12" cy="12" r="8.7"/><path d="M8 12.300l2.9 2.900L16.3 9.5"/>`,
	"alert":    `<path d="M12 4L2.8 20h18.400z"/><path d="M12 10v4.500M12 17.200v.1"/>`,
	"info":     `<circle cx="12" cy="12" r="8.7"/><path d="M12 11v5.300M12 7.700v.1"/>`,
	"wait":     `<path d="M7 3.500h10M7 20.500h10M8 3.500c0 4.5 4 5.5 4 8.500s-4 4-4 8.500M16 3.500c0 4.5-4 5.5-4 8.500s4 4 4 8.5"/>`,
	"stop":     `<circle cx="12" cy="12" r="8.7"/><path d="M6 6l12 12"/>`,
	"back":     `<path d="M14.5 5l-7 7 7 7"/>`,
	"next":     `<path d="M9.5 5l7 7-7 7"/>`,
	"down":     `<path d="M5.5 9l6.5 6.500L18.5 9"/>`,
	"camera":   `<path d="M3.5 7.500h4l1.5-2.500h6l1.5 2.500h4v12h-17z"/><circle cx="12" cy="13" r="3.5"/>`,
	"print":    `<path d="M7 9V3.500h10V9"/><path d="M7 17.500H3.500V9h17v8.500H17"/><path d="M7 14.500h10v6H7z"/>`,
	"copy":     `<rect x="8.5" y="8.5" width="12" height="12" rx="1.5"/><path d="M15.5 8.500v-5h-12v12h5"/>`,
	"lock":     `<rect x="5" y="10.5" width="14" height="10" rx="1.5"/><path d="M8 10.500V8a4 4 0 0 1 8 0v2.500M12 14.500v2.5"/>`,
	"close":    `<path d="M6 6l12 12M18 6L6 18"/>`,
	"flag":     `<path d="M6 21V3.500M6 4.500h12l-2.5 4 2.5 4H6"/>`,
	"edit":     `<path d="M4 20l1-4.500L16.5 4 20 7.5 8.5 19z"/><path d="M14 6.500l3.5 3.5"/>`,
	"download": `<path d="M12 3.500v11M7.5 10.500L12 15l4.5-4.500M4 20h16"/>`,
	"health":   `<path d="M9 4h6v5h5v6h-5v5H9v-5H4V9h5z"/>`,
	"art":      `<path d="M9 18V5.500l10-2V16"/><circle cx="6.5" cy="18" r="2.5"/><circle cx="16.5" cy="16" r="2.5"/>`,
	"shield":   `<path d="M12 3.500l7.5 2.500v6c0 4.200-3 7-7.5 8.500-4.500-1.500-7.500-4.300-7.500-8.500V6z"/>`,
	"elder":    `<circle cx="10" cy="5.5" r="2.5"/><path d="M10 8.500c-2 1.5-3 4-2.5 7l2.5 1 .5 4.500M7.5 15.500L6 21M10.5 11l3.5 2.500h3V21"/>`,
	"globe":    `<circle cx="12" cy="12" r="8.7"/><path d="M3.3 12h17.400M12 3.300c3 2.5 4 5.5 4 8.700s-1 6.2-4 8.700c-3-2.5-4-5.5-4-8.700s1-6.2 4-8.700z"/>`,
}

// Icon draws a small picture beside words. It is decoration for the eye only, so it is hidden from readers of the
// screen: the words say the same. An unknown name draws nothing.
func Icon(name string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		d, ok := icons[name]
		if !ok {
			return nil
		}
		_, err := io.WriteString(w, `<svg class="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">`+d+`</svg>`)
		return err
	})
}
