package tally

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Write writes the election as a Pabulib .pb file: UTF-8 without byte order mark, lines ended by LF. What Parse read is
// written back with its unknown keys and columns; budget, vote_type, num_projects, num_votes, ids, costs, names, votes and
// points are taken from the data. A project's columns votes and score are written from its cells and, when these are
// absent, counted. A ballot without a voter id gets the number of its row. Parse(Write(e)) gives what Parse gave before, line
// ends within quoted texts included.
func Write(w io.Writer, e *Election) error {
	out := bufio.NewWriter(w)
	row := func(fields []string) {
		var b strings.Builder
		for i, f := range fields {
			if i > 0 {
				b.WriteByte(';')
			}
			quote(&b, f)
		}
		b.WriteByte('\n')
		out.WriteString(b.String()) // the first error of a bufio.Writer stays and is returned by Flush
	}
	row([]string{"META"})
	row([]string{"key", "value"})
	for _, f := range e.header() {
		row([]string{f.Key, f.Value})
	}
	row([]string{"PROJECTS"})
	columns := e.ProjectColumns
	votes, score := countVotes(e)
	if columns == nil {
		columns = []string{"project_id", "cost", "votes", "name"}
		if e.VoteType.scored() {
			columns = []string{"project_id", "cost", "votes", "score", "name"}
		}
	}
	row(columns)
	for i, p := range e.Projects {
		row(cells(columns, p.Cells, func(name, cell string) string {
			switch name {
			case "project_id":
				return p.ID
			case "cost":
				return p.Cost.String()
			case "name":
				return p.Name
			case "votes":
				if cell == "" {
					return fmt.Sprint(votes[i])
				}
			case "score":
				if cell == "" {
					return amount(score[i])
				}
			}
			return cell
		}))
	}
	row([]string{"VOTES"})
	columns = e.VoteColumns
	if columns == nil {
		columns = []string{"voter_id", "vote"}
		if e.VoteType.scored() {
			columns = append(columns, "points")
		}
	}
	row(columns)
	for k := range e.Ballots {
		b := &e.Ballots[k]
		fields := cells(columns, b.Cells, func(name, cell string) string {
			switch name {
			case "voter_id":
				if b.Voter == "" {
					return fmt.Sprint(k + 1)
				}
				return b.Voter
			case "vote":
				ids := make([]string, len(b.Choices))
				for j, i := range b.Choices {
					ids[j] = e.Projects[i].ID
				}
				return strings.Join(ids, ",")
			case "points":
				if e.VoteType.scored() {
					list := make([]string, len(b.Points))
					for j, d := range b.Points {
						list[j] = d.String()
					}
					return strings.Join(list, ",")
				}
			}
			return cell
		})
		// A row of empty fields would be passed over; a lone comma is an empty vote too.
		if at := column(columns, "vote"); at >= 0 && strings.Join(fields, "") == "" {
			fields[at] = ","
		}
		row(fields)
	}
	return out.Flush()
}

// cells lays a row under its columns; cells beyond the header are kept.
func cells(columns, have []string, value func(name, cell string) string) []string {
	row := make([]string, 0, max(len(columns), len(have)))
	for i, c := range columns {
		cell := ""
		if i < len(have) {
			cell = have[i]
		}
		row = append(row, value(strings.ToLower(c), cell))
	}
	if len(have) > len(columns) {
		row = append(row, have[len(columns):]...)
	}
	return row
}

// header gives META with the four fields that follow from the data, each at its old place or at the end.
func (e *Election) header() []Field {
	now := []Field{
		{"num_projects", fmt.Sprint(len(e.Projects))}, {"num_votes", fmt.Sprint(len(e.Ballots))},
		{"budget", e.Budget.String()}, {"vote_type", string(e.VoteType)},
	}
	out := append([]Field{}, e.Meta...)
next:
	for _, n := range now {
		for i := range out {
			if strings.EqualFold(out[i].Key, n.Key) {
				out[i].Value = n.Value
				continue next
			}
		}
		out = append(out, n)
	}
	return out
}
