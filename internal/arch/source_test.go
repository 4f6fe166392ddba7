package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// source is one Go file of the module, tests and the generated excluded.
type source struct {
	path, dir, pkg string // path and dir from the module's root, with slashes
	doc            string
	imports        []string
	lines          int
	sql, clock     []string // positions
}

// root is the module's directory.
const root = "../.."

// hand reports whether a file is written by hand and part of the product.
func hand(name string) bool {
	return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && !strings.HasSuffix(name, "_templ.go")
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if p != root && (strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if !hand(name) || name == "deps_tmp.go" {
			return nil
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		s, err := parse(filepath.ToSlash(rel), text)
		all = append(all, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 30 {
		t.Fatalf("only %d sources found: the walk is broken", len(all))
	}
	return all
}

var statement = regexp.MustCompile(`^[\s(]*(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|WITH\s+(RECURSIVE\s+)?\w+\s*(\(|AS)|CREATE\s+(UNIQUE\s+|VIRTUAL\s+)?(TABLE|INDEX)\s|ALTER\s+TABLE\s|DROP\s+(TABLE|INDEX)\s|PRAGMA\s|VACUUM)`)

func parse(rel string, text []byte) (source, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, rel, text, parser.ParseComments)
	if err != nil {
		return source{}, err
	}
	s := source{path: rel, dir: path.Dir(rel), pkg: f.Name.Name, doc: f.Doc.Text(), lines: strings.Count(string(text), "\n")}
	clock := "" // the name under which time is imported here
	for _, i := range f.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return s, err
		}
		s.imports = append(s.imports, p)
		if p == "time" {
			clock = "time"
			if i.Name != nil {
				clock = i.Name.Name
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if n.Kind == token.STRING {
				if v, err := strconv.Unquote(n.Value); err == nil && statement.MatchString(v) {
					s.sql = append(s.sql, fset.Position(n.Pos()).String())
				}
			}
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && clock != "" && x.Name == clock && slices.Contains([]string{"Now", "Since", "Until"}, n.Sel.Name) {
				s.clock = append(s.clock, fset.Position(n.Pos()).String())
			}
		}
		return true
	})
	return s, nil
}

// local returns an import's directory within this module, "" for others.
func local(imported string) string {
	rest, ok := strings.CutPrefix(imported, module+"/")
	if !ok {
		return ""
	}
	return rest
}

func under(dir, prefix string) bool { return dir == prefix || strings.HasPrefix(dir, prefix+"/") }

// layer returns the position of a directory's layer from the left, -1 for none.
func layer(dir string) int {
	for i, l := range layers {
		if under(dir, l.prefix) {
			return slices.IndexFunc(layers, func(o struct{ name, prefix string }) bool { return o.name == layers[i].name })
		}
	}
	return -1
}

// rows is a table of exceptions that notices which of its rows are used.
type rows struct {
	name string
	all  map[string]string
	used map[string]bool
}

func exceptions(name string, all map[string]string) *rows { return &rows{name, all, map[string]bool{}} }

func (r *rows) has(key string) bool {
	reason, ok := r.all[key]
	if ok {
		r.used[key] = true
	}
	return ok && reason != ""
}

// check fails for rows that nothing needs any more.
func (r *rows) check(t *testing.T) {
	t.Helper()
	for key := range r.all {
		if !r.used[key] {
			t.Errorf("%s: the row %q is used by nothing; delete it", r.name, key)
		}
	}
}

// walk gives each file of the module with the suffix to f.
func walk(suffix string, f func(p string, text []byte)) error {
	return filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if p != root && strings.HasPrefix(d.Name(), ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, suffix) {
			return nil
		}
		text, err := os.ReadFile(p)
		if err == nil {
			f(p, text)
		}
		return err
	})
}
