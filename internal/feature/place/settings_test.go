package place

import "testing"

// A span is typed as it is read on the page, in either language, or as its code.
func TestSpansInWords(t *testing.T) {
	for words, want := range map[string]string{
		"2 个工作日": "2wd", "3工作日": "3wd", "24 小时": "24h", "4 个工作小时": "4wh", "7 天": "7d", "不限时": "never",
		"1 working day": "1wd", "36 Hours": "36h", "no limit": "never", "5d": "5d", "never": "never", "soon": "soon",
	} {
		if got := spanOf(words); got != want {
			t.Errorf("spanOf(%q) = %q, want %q", words, got, want)
		}
	}
}
