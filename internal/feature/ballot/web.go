package ballot

import (
	"linli/internal/core/fault"
	"linli/internal/core/flow"
	"linli/internal/platform/matter"
	"linli/internal/platform/web"
)

// Public are the kinds of events that anonymous renderings of polls depend on.
var Public = []string{"poll", "place"}

var choicesField = []flow.Field{{Name: "choices", Kind: flow.Refs, Required: true, Max: MaxOptions}}

// routes are all doors of polls.
func (s *Service) routes() []web.Route {
	api := s.Kind.API()
	for i := range api {
		if api[i].Name == "open-poll" {
			api[i].Do = s.opening
		}
	}
	const base = "/api/v1/polls/{id}"
	api = append(api,
		web.Route{Method: "GET", Path: base + "/eligibility", Name: "poll-eligibility", Summary: "May I vote? 我能投吗", Out: EligibilityJSON{}, Do: s.eligibility},
		web.Route{Method: "POST", Path: base + "/ballots", Name: "vote-poll", Summary: "Put in or change the caller's ballot; the last one counts",
			Body: choicesField, Out: ReceiptJSON{}, SignedIn: true, Quiet: true, Do: s.vote},
		web.Route{Method: "GET", Path: base + "/result", Name: "poll-result", Summary: "The result, after the close", Out: Result{}, Public: Public, Do: s.result},
		web.Route{Method: "GET", Path: base + "/ballots.csv", Name: "poll-ballots", Summary: "All ballots with their receipts, after the close, from 20 on",
			Public: Public, Do: s.DownloadCSV},
		web.Route{Method: "GET", Path: base + "/ballots.pb", Name: "poll-pabulib", Summary: "The poll as a Pabulib file, to recount", Public: Public, Do: s.DownloadPB},
		web.Route{Method: "POST", Path: base + "/papers", Name: "enter-poll-paper", Summary: "One of two entries of a paper or telephone ballot",
			Body: append(append([]flow.Field{}, PaperFields...), choicesField...), Out: Entry{}, SignedIn: true, Quiet: true,
			Do: func(c *web.Call) (any, error) { return s.Enter(c.Context(), c.Path("id"), c.Raw) }},
	)
	return api
}

func (s *Service) eligibility(c *web.Call) (any, error) {
	p, err := s.Kind.Read(c)
	if err != nil {
		return nil, err
	}
	e, err := s.Eligible(c.Context(), s.Journal.DB, p, c.Actor, c.Now())
	if err != nil {
		return nil, err
	}
	return s.Explain(p, e, c.T), nil
}

func (s *Service) Explain(p *Poll, e Eligibility, say matter.Say) EligibilityJSON {
	j := EligibilityJSON{Eligible: e.Eligible}
	if !e.Eligible {
		place := s.Places.Name(p.RollPlace)
		j.Reason, j.Remedy = say(e.Reason, "place", place), say(e.Remedy, "place", place)
	}
	return j
}

func (s *Service) vote(c *web.Call) (any, error) {
	r, err := s.Vote(c.Context(), c.Path("id"), func() (any, error) {
		raw, err := c.Raw()
		if err != nil {
			return nil, err
		}
		for name := range raw {
			if name != "choices" {
				return nil, fault.Field1(name, "fault.unknown_field")
			}
		}
		return raw["choices"], nil
	})
	if err != nil {
		return nil, err
	}
	return ReceiptJSON{r}, nil
}

func (s *Service) result(c *web.Call) (any, error) {
	_, r, err := s.ResultOf(c.Context(), c.Path("id"), c.Now())
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (s *Service) DownloadCSV(c *web.Call) (any, error) {
	n, err := s.Published(c.Context(), c.Path("id"), c.Now())
	if err != nil {
		return nil, err
	}
	return web.Raw{Type: "text/csv; charset=utf-8", Body: n.CSV(),
		Header: map[string]string{"Content-Disposition": `attachment; filename="ballots-` + n.Poll.ID + `.csv"`}}, nil
}

func (s *Service) DownloadPB(c *web.Call) (any, error) {
	n, err := s.Published(c.Context(), c.Path("id"), c.Now())
	if err != nil {
		return nil, err
	}
	b, err := n.PB()
	return web.Raw{Type: "text/plain; charset=utf-8", Body: b,
		Header: map[string]string{"Content-Disposition": `attachment; filename="poll-` + n.Poll.ID + `.pb"`}}, err
}
