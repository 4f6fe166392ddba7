package flow

import (
	"fmt"
	"strings"
)

// Handbook writes the table as a Markdown page with a Mermaid state diagram.
// text resolves a key to words for people.
func (t *Table[T]) Handbook(text func(key string) string) string {
	var b strings.Builder
	name := func(s State) string { return text(t.Name + ".state." + string(s)) }
	fmt.Fprintf(&b, "# %s\n\n", text(t.Name+".kind"))
	b.WriteString("> Generated from the lifecycle table by `make handbook`; change the table, not this page.\n\n```mermaid\nstateDiagram-v2\n")
	for _, s := range t.States() {
		fmt.Fprintf(&b, "    state \"%s\" as %s\n", name(s), s)
	}
	fmt.Fprintf(&b, "    [*] --> %s\n", t.Start)
	for _, m := range t.Moves {
		for _, f := range m.From {
			for _, to := range m.targets(f) {
				if to != f {
					fmt.Fprintf(&b, "    %s --> %s: %s\n", f, to, text(t.Name+".do."+m.Do))
				}
			}
		}
	}
	for _, s := range t.Ends {
		fmt.Fprintf(&b, "    %s --> [*]\n", s)
	}
	b.WriteString("```\n\n| Move | From | To | By | Takes | If |\n|---|---|---|---|---|---|\n")
	for _, m := range t.Moves {
		var from, to, takes, guards []string
		for _, s := range m.From {
			from = append(from, name(s))
		}
		for _, br := range m.Then {
			to = append(to, fmt.Sprintf("%s (%s)", name(br.To), br.Name))
		}
		if m.To != "" {
			to = append(to, name(m.To))
		} else {
			to = append(to, "=")
		}
		for _, f := range m.Takes {
			n := "`" + f.Name + "`"
			if f.Required {
				n += "*"
			}
			takes = append(takes, n)
		}
		for _, g := range m.If {
			guards = append(guards, "`"+g.Reason+"`")
		}
		fmt.Fprintf(&b, "| `%s` %s | %s | %s | %s | %s | %s |\n", m.Do, text(t.Name+".do."+m.Do), strings.Join(from, ", "),
			strings.Join(to, ", "), strings.ReplaceAll(m.By.Name, "|", " / "), strings.Join(takes, " "), strings.Join(guards, " "))
	}
	if len(t.Deadlines) > 0 {
		b.WriteString("\n| Deadline in | makes | after |\n|---|---|---|\n")
		for _, d := range t.Deadlines {
			var in []string
			for _, s := range d.In {
				in = append(in, name(s))
			}
			after := "a moment of its own"
			if d.After != "" {
				after = "`" + d.After + "`"
			}
			fmt.Fprintf(&b, "| %s | `%s` | %s |\n", strings.Join(in, ", "), d.Do, after)
		}
	}
	return b.String()
}
