package arch

// module is this module's path.
const module = "linli"

// layers from left to right; an import may only stay or go right. The first
// prefix that fits decides.
var layers = []struct{ name, prefix string }{
	{"e2e", "e2e"},
	{"cmd", "cmd"},
	{"app", "internal/app"},
	{"feature", "internal/feature"},
	{"ui", "internal/ui"},
	{"platform", "internal/platform"},
	{"platform", "migrations"},
	{"core", "internal/core"},
}

// leftward lists the imports against the arrows, with their reasons.
var leftward = map[string]string{}

// tiers of features: a feature imports lower tiers only.
var tiers = map[string]int{
	// 1: where and who
	"place": 1, "member": 1, "group": 1, "file": 1,
	// 2: machines others decide with, and the way in
	"ballot": 2, "channel": 2, "opinion": 2, "tally": 2, "volunteer": 2, "signin": 2, "counter": 2, "handover": 2,
	// 3: what people do
	"post": 3, "wish": 3, "ask": 3, "project": 3, "vote": 3, "activity": 3, "award": 3, "request": 3, "meeting": 3,
	// 4: listeners
	"points": 4, "notify": 4, "search": 4, "stats": 4, "ledger": 4, "feed": 4, "open311": 4, "webhook": 4,
}

// sameTier lists imports within a tier, "user used", with their reasons.
var sameTier = map[string]string{
	"ballot tally": "a poll is counted by the same pure rules that count Pabulib files; tally has no tables and knows no poll",
	"ask wish":     "asking is the way in to a wish, step by step, apart from what can happen to it",
}

// forTests are ordinary packages that only tests, and each other, may import.
var forTests = []string{"internal/platform/dbtest", "internal/platform/golden", "internal/app/apptest"}

// forbiddenNames say nothing about what a package is for.
var forbiddenNames = []string{"common", "util", "utils", "helper", "helpers", "model", "models", "types", "misc", "shared", "base"}

// Bounds of size, in lines, without tests and generated code.
const (
	maxFile    = 500
	maxPackage = 3000
)

// sqlPlaces are packages, and files, beside store*.go of a feature that may hold SQL.
var sqlPlaces = map[string]string{
	"internal/platform/db":            "the one door to the database",
	"internal/platform/journal":       "owns events, cursors and operation keys",
	"internal/platform/session":       "owns sessions",
	"internal/app/doctor.go":          "asks the engine about its own settings",
	"internal/app/transfer/store.go":  "lets a whole table of people in by one switch, and keeps its receipts",
	"internal/app/workbench/store.go": "keeps the views of the workbench, which spans the features",
	"internal/app/bench/floor.go":     "measures the bare queries beside ours",
	"internal/app/bench/activity.go":  "measures the bare queries beside ours",
	"internal/app/bench/search.go":    "measures the bare queries beside ours",
	"internal/app/demo/fill.go":       "asks whether the place to be filled is empty",
}

// drivers may be imported only below these packages.
var (
	drivers      = []string{"database/sql", "github.com/jmoiron/sqlx", "github.com/jackc/pgx/v5", "modernc.org/sqlite", "github.com/pressly/goose/v3"}
	driverPlaces = map[string]string{
		"internal/platform/db":     "the one door to the database",
		"internal/platform/dbtest": "makes databases for tests",
		"internal/app/bench":       "measures the bare drivers beside ours",
	}
)

// clockFiles read the machine's clock; all else asks core/clock.
var clockFiles = map[string]string{
	"internal/core/clock/clock.go":     "is the clock",
	"internal/platform/web/guard.go":   "a rate limit counts real seconds",
	"internal/platform/web/door.go":    "measures how long an answer takes",
	"internal/platform/web/metrics.go": "measures how long an answer takes",
	"internal/platform/blob/disk.go":   "compares with the file system's own times",
	"internal/app/bench/main.go":       "measures how long things take",
	"internal/app/bench/activity.go":   "measures how long things take",
	"internal/app/bench/search.go":     "measures how long things take",
	"e2e/browser/page.go":              "waits for a browser",
}

// pure are the packages outside the standard library that core may use.
var pure = []string{"golang.org/x/text/", "github.com/google/uuid", "rsc.io/qr"}

// doingIO are packages of the standard library that core must not use.
var doingIO = []string{"os", "os/exec", "net", "net/http", "database/sql", "log", "log/slog", "syscall", "io/ioutil", "testing"}
