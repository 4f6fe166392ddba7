package activity

import (
	"regexp"
	"strings"
	"time"

	"linli/internal/core/clock"
	"linli/internal/core/fault"
	"linli/internal/core/flow"
)

var hostFields = []flow.Field{{Name: "group", Kind: flow.Ref, Required: true}, {Name: "part", Kind: flow.Text, Max: 80}}
var shiftFields = []flow.Field{{Name: "title", Kind: flow.Text, Max: 40}, {Name: "starts", Kind: flow.Moment, Required: true},
	{Name: "ends", Kind: flow.Moment, Required: true}, {Name: "capacity", Kind: flow.Int, Min: 1, Max: MaxCapacity}}

// takeHosts takes hosts out of a raw body: ids, or objects {"group","part"}.
func takeHosts(raw map[string]any, faults *fault.Fields) []Host {
	var out []Host
	for _, v := range takeList(raw, "hosts", maxHosts, faults) {
		switch h := v.(type) {
		case string:
			group, part, _ := strings.Cut(h, "|") // a form says "ID|part"
			out = append(out, Host{Group: group, Part: part})
		case map[string]any:
			in, err := flow.Decode(hostFields, h)
			if err != nil {
				faults.Add("hosts", "activity.no_group")
				return nil
			}
			out = append(out, Host{Group: in.Text("group"), Part: in.Text("part")})
		default:
			faults.Add("hosts", "fault.list")
			return nil
		}
	}
	return out
}

var shiftLine = regexp.MustCompile(`^(\d{1,2}:\d{2})[-–—~至](\d{1,2}:\d{2})(?:\s+(.*))?$`)

// rawShift is a shift as it was sent: clock times of the first day, or moments.
type rawShift struct {
	line         string
	title        string
	starts, ends int64
	capacity     int64
}

// takeShifts takes shifts out of a raw body: lines "09:00-11:00 引导", or
// objects {"starts","ends","capacity","title"}.
func takeShifts(raw map[string]any, faults *fault.Fields) []rawShift {
	var out []rawShift
	for _, v := range takeList(raw, "shifts", maxShifts, faults) {
		switch h := v.(type) {
		case string:
			out = append(out, rawShift{line: h})
		case map[string]any:
			in, err := flow.Decode(shiftFields, h)
			if err != nil {
				faults.Add("shifts", "activity.shift")
				return nil
			}
			n, _ := in.Int("capacity")
			out = append(out, rawShift{title: in.Text("title"), starts: in.Moment("starts"), ends: in.Moment("ends"), capacity: n})
		default:
			faults.Add("shifts", "fault.list")
			return nil
		}
	}
	return out
}

// takeList removes a list from a raw body; a form's text is one item a line.
func takeList(raw map[string]any, name string, most int, faults *fault.Fields) []any {
	v, ok := raw[name]
	if !ok || v == nil {
		return nil
	}
	delete(raw, name)
	var list []any
	switch l := v.(type) {
	case []any:
		list = l
	case []string:
		for _, s := range l {
			list = append(list, s)
		}
	case string:
		for _, s := range strings.Split(l, "\n") {
			if s = strings.TrimSpace(s); s != "" {
				list = append(list, s)
			}
		}
	default:
		faults.Add(name, "fault.list")
		return nil
	}
	if len(list) > most {
		faults.Add(name, "fault.too_many", "max", most)
		return nil
	}
	for i, s := range list {
		if t, ok := s.(string); ok {
			clean, key := flow.Clean(t)
			if key != "" || len(clean) > 300 {
				faults.Add(name, "fault.list")
				return nil
			}
			list[i] = clean
		}
	}
	return list
}

// fixShifts puts shifts on the day of the activity and checks that they lie
// within it; a shift without a capacity has the whole activity's.
func (m *Activity) fixShifts(list []rawShift, faults *fault.Fields) []*Shift {
	var out []*Shift
	for i, r := range list {
		if r.line != "" {
			p := shiftLine.FindStringSubmatch(r.line)
			if p == nil {
				faults.Add("shifts", "activity.shift")
				return nil
			}
			day := time.UnixMilli(m.Starts).In(clock.China).Format("2006-01-02 ")
			from, err1 := time.ParseInLocation("2006-01-02 15:04", day+p[1], clock.China)
			to, err2 := time.ParseInLocation("2006-01-02 15:04", day+p[2], clock.China)
			if err1 != nil || err2 != nil {
				faults.Add("shifts", "activity.shift")
				return nil
			}
			r.starts, r.ends, r.title = from.UnixMilli(), to.UnixMilli(), p[3]
		}
		if r.capacity == 0 {
			r.capacity = m.Capacity
		}
		if r.starts < m.Starts || r.ends > m.Ends || r.ends <= r.starts || len([]rune(r.title)) > 40 {
			faults.Add("shifts", "activity.shift")
			return nil
		}
		out = append(out, &Shift{Number: i + 1, Title: r.title, Starts: r.starts, Ends: r.ends, Capacity: r.capacity})
	}
	return out
}

// normalParty lets "party" be a number or the names of those who come.
func normalParty(raw map[string]any) {
	switch p := raw["party"].(type) {
	case []any, []string:
		raw["names"] = p
		delete(raw, "party")
	case string:
		if p = strings.TrimSpace(p); p != "" && strings.Trim(p, "0123456789") != "" {
			raw["names"] = namesIn(p)
			delete(raw, "party")
		}
	}
}

// namesIn splits a line of names as people write them.
func namesIn(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("、,，;； \n\t", r) })
}
