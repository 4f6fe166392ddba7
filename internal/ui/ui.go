// Package ui is the look of every page (界面): the shell around a page, the partials that pages are made of, the style
// sheet, the small scripts and the words they share.
//
// It knows nothing of wishes or polls: every partial takes a plain struct of this package that a feature fills. Pages
// complete without JavaScript, carry no inline script or style, and say nothing by colour alone.
package ui

import (
	"embed"
	"slices"
	"strconv"
	"strings"
	"time"

	"linli/internal/ui/text"

	"github.com/a-h/templ"
)

//go:embed locale/*.json
var locale embed.FS

func init() { text.Add(locale) }

// The sizes of text a person may choose, by the values of Page.TextSize: 17, 20, 24 and 30 pixels.
const (
	SizeStandard = "standard"
	SizeLarge    = "large"
	SizeExtra    = "extra"
	SizeLargest  = "largest"
)

// Page is what the shell needs to know about a page and its reader. It is passed to every partial, which takes the
// language and the care mode from it. Nothing in it may differ between two requests for the same page by the same
// reader: the shell carries no operation id, time or request id.
type Page struct {
	Look
	Title       string    // of this page, without community and product name
	Path        string    // local path and query of this page, for the links that switch language and mode
	Description string    // one sentence for search engines and preview cards; empty for private pages
	Image       string    // absolute address of a picture for preview cards
	Canonical   string    // absolute address of this page
	NoIndex     bool      // asks search engines to stay away
	Flash       string    // what the act before this page did, said once
	Back        Link      // a way back above the content; none when URL is empty
	CSS, JS     []string  // further assets by logical name
	Feed        string    // address of an Atom feed of this page's content
	Now         time.Time // the moment relative times are reckoned from
	Frame       *Frame    // nil where there is none: every door is there, nothing is kept
}

// Look is what the parts around a page's content show. The pages of a section have it in common, so these parts are
// drawn once for each look; see Frame.
type Look struct {
	Lang      string // text.Chinese or text.English
	Care      bool   // care mode 关怀模式, the switch named 长辈版
	TextSize  string // SizeStandard …; empty is standard
	Section   string // the tab this page belongs to, a Section… constant
	Demo      bool   // the data is invented, which every page says
	Scanned   string // code of the place whose poster was scanned; what is said goes there
	Community Community
	Me        Me
	Site      Site
}

// Community is the community the reader is in (当前社区).
type Community struct {
	Name  string
	Code  string
	Phone string // the community's own help number, as it is dialled
	Hours string // when the phone is answered, in the page's language
}

// Me is the reader.
type Me struct {
	SignedIn bool
	Name     string // as the reader is addressed
	Desk     string // whose workbench this is, a Desk… constant; empty for who has none
	Badge    int    // how many matters need this reader's own action
}

// The desks there are: what a reader finds in the rail of the workbench depends on it.
const (
	DeskStaff   = "staff"   // 社区、街道、区工作人员
	DeskGrid    = "grid"    // 网格员
	DeskAdmin   = "admin"   // 系统管理员
	DeskAuditor = "auditor" // 审计员
)

// Site is what the operator of an installation states about itself.
type Site struct {
	Name          string // product name; empty is 邻里
	Organiser     string // 主办单位
	ICP           string // ICP 备案 number
	PoliceICP     string // 公安备案 number
	ComplaintsURL string // 投诉建议
}

// The sections of the shell. A page names the one it belongs to, so that its tab is marked.
const (
	Home       = "home"
	Services   = "services"
	Say        = "say"
	Wishes     = "wishes"
	Projects   = "projects"
	Activities = "activities"
	Meetings   = "meetings"
	Honours    = "honours"
	Figures    = "stats"
	Mine       = "me"
	Staff      = "staff"
)

// NavItem is one entry of a navigation.
type NavItem struct {
	Section string
	Label   string
	URL     string
	Icon    string
	Badge   int
}

// Link is a link with its words.
type Link struct{ Label, URL string }

// T returns the sentence of a key in the page's language; see text.T.
func (p Page) T(key string, args ...any) string { return text.T(p.Lang, key, args...) }

// Has reports whether there is a sentence for key in the page's language.
func (p Page) Has(key string) bool { return text.Has(p.Lang, key) }

// Language returns the page's language tag.
func (p Page) Language() string { return text.Normal(p.Lang) }

// English reports whether the page is in English.
func (p Page) English() bool { return p.Language() == text.English }

// Size returns the chosen size of text, standard unless one of the others was chosen.
func (p Page) Size() string {
	switch p.TextSize {
	case SizeLarge, SizeExtra, SizeLargest:
		return p.TextSize
	}
	return SizeStandard
}

// Name returns the name of the site.
func (p Page) Name() string {
	if p.Site.Name != "" {
		return p.Site.Name
	}
	return p.T("shell.product")
}

func (p Page) fullTitle() string {
	parts := []string{p.Title, p.Community.Name, p.Name()}
	kept := parts[:0]
	for _, part := range parts {
		if part != "" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, " · ")
}

// here is the path the switches of the shell return to.
func (p Page) here() string {
	if p.Path == "" {
		return "/"
	}
	return p.Path
}

// nav is the header navigation, rail the workbench's: neither leads to a door that is not there.
func (p Page) nav() []NavItem  { return p.there(publicNav(p)) }
func (p Page) rail() []NavItem { return p.there(staffNav(p)) }

// desks names the entries of the rail for who is not staff, to whom all of them are open.
var desks = map[string][]string{DeskGrid: {"todo", "activities"}, DeskAdmin: {"todo", "people", "settings"}, DeskAuditor: {"todo"}}

func (p Page) there(items []NavItem) []NavItem {
	return slices.DeleteFunc(items, func(i NavItem) bool { return !p.Frame.serves(i.URL) })
}

// publicNav is the header navigation of wide screens.
func publicNav(p Page) []NavItem {
	return []NavItem{
		{Home, p.T("nav.home"), "/", "home", 0},
		{Wishes, p.T("nav.wishes"), "/wishes", "wish", 0},
		{Projects, p.T("nav.projects"), "/projects", "project", 0},
		{Activities, p.T("nav.activities"), "/activities", "activity", 0},
		{Meetings, p.T("nav.meetings"), "/meetings", "meeting", 0},
		{Honours, p.T("nav.honours"), "/honours", "star", 0},
		{Figures, p.T("nav.stats"), "/stats", "chart", 0},
	}
}

// TabNav is the bar at the bottom of a phone: five tabs, three in care mode.
func TabNav(p Page) []NavItem {
	say := NavItem{Say, p.T("nav.say"), "/say", "plus", 0}
	me := NavItem{Mine, p.T("nav.me"), "/me", "person", p.Me.Badge}
	if p.Care {
		return []NavItem{{Home, p.T("nav.home"), "/", "home", 0}, say, me}
	}
	return []NavItem{
		{Home, p.T("nav.home"), "/", "home", 0},
		{Services, p.T("nav.services"), "/services", "desk", 0},
		say,
		{Activities, p.T("nav.activities"), "/activities", "activity", 0},
		me,
	}
}

// staffNav is the left rail of the workbench.
func staffNav(p Page) []NavItem {
	items := []NavItem{
		{"todo", p.T("rail.todo"), "/staff", "todo", p.Me.Badge},
		{"matters", p.T("rail.matters"), "/staff/wishes", "wish", 0},
		{"projects", p.T("rail.projects"), "/staff/projects", "project", 0},
		{"activities", p.T("rail.activities"), "/staff/activities", "activity", 0},
		{"meetings", p.T("rail.meetings"), "/staff/meetings", "meeting", 0},
		{"people", p.T("rail.people"), "/staff/people", "people", 0},
		{"reports", p.T("rail.reports"), "/staff/reports", "chart", 0},
		{"posts", p.T("rail.posts"), "/staff/posts", "post", 0},
		{"settings", p.T("rail.settings"), "/staff/settings", "settings", 0},
	}
	if own, few := desks[p.Me.Desk]; few {
		items = slices.DeleteFunc(items, func(i NavItem) bool { return !slices.Contains(own, i.Section) })
	}
	return items
}

// PeopleTabs lead between the workbench's pages about people, places and groups.
func PeopleTabs(p Page, here string) templ.Component {
	return tabsOf(p, here, [][2]string{
		{"people", "/staff/people"}, {"counter", "/staff/counter"}, {"checks", "/staff/checks"}, {"roles", "/staff/roles"},
		{"places", "/staff/places"}, {"groups", "/staff/groups"}, {"duties", "/staff/responsibilities"},
	})
}

// SettingTabs lead between the workbench's pages about the rules of a place.
func SettingTabs(p Page, here string) templ.Component {
	return tabsOf(p, here, [][2]string{{"settings", "/staff/settings"}, {"calendar", "/staff/calendar"}, {"webhooks", "/staff/webhooks"}, {"retention", "/retention"}})
}

func tabsOf(p Page, here string, list [][2]string) templ.Component {
	var tabs []Tab
	for _, t := range list {
		tabs = append(tabs, Tab{Label: p.T("tab." + t[0]), URL: t[1], Here: t[0] == here})
	}
	return Tabs(p, p.Title, tabs)
}

// CareNav is the six tiles of the home page in care mode. The telephone is left out where the community has none.
func CareNav(p Page) []NavItem {
	tiles := []NavItem{
		{Say, p.T("tile.ask"), "/say", "hand", 0},
		{Mine, p.T("tile.mine"), "/me", "todo", p.Me.Badge},
		{Projects, p.T("tile.vote"), "/polls", "vote", 0},
		{Activities, p.T("tile.activities"), "/activities", "activity", 0},
		{Home, p.T("tile.notices"), "/posts", "bell", 0},
	}
	if p.Community.Phone != "" {
		tiles = append(tiles, NavItem{"", p.T("tile.call"), p.Community.dial(), "phone", 0})
	}
	return tiles
}

// SayNav is what ＋我要说 offers.
func SayNav(p Page) []SayChoice {
	choices := []SayChoice{
		{p.T("say.wish"), p.T("say.wish_hint"), "/wishes/new", "hand"},
		{p.T("say.problem"), p.T("say.problem_hint"), "/wishes/new?category=环境设施", "wrench"},
		{p.T("say.propose"), p.T("say.propose_hint"), "/projects/new", "bulb"},
	}
	if p.Scanned != "" {
		for i := range choices {
			sign := "?"
			if strings.Contains(choices[i].URL, "?") {
				sign = "&"
			}
			choices[i].URL += sign + "place=" + p.Scanned
		}
	}
	if p.Community.Phone != "" {
		hint := p.Community.Phone
		if p.Community.Hours != "" {
			hint += " · " + p.Community.Hours
		}
		choices = append(choices, SayChoice{p.T("say.call"), hint, p.Community.dial(), "phone"})
	}
	return choices
}

// SayChoice is one of the large choices of ＋我要说.
type SayChoice struct{ Label, Hint, URL, Icon string }

// dial is the tel: address of the help number.
func (c Community) dial() string {
	return "tel:" + strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, c.Phone)
}

// url marks an address as checked. The only addresses that reach it are local paths built by features, and tel:
// links built here; templ would refuse tel: on its own.
func url(s string) templ.SafeURL {
	if strings.HasPrefix(s, "tel:") {
		return templ.SafeURL(s)
	}
	return templ.URL(s)
}

func badge(n int) string {
	if n > 99 {
		return "99+"
	}
	return strconv.Itoa(n)
}
