package web

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics measures requests by route name, never by path or person.
type Metrics struct{ seconds *prometheus.HistogramVec }

// NewMetrics registers the request metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "linli_request_seconds", Help: "Time to answer, by route.",
		Buckets: []float64{.001, .005, .02, .1, .5, 2, 10},
	}, []string{"route"})}
	r.MustRegister(m.seconds)
	return m
}

func (m *Metrics) observe(r *Route, started time.Time) {
	if m != nil {
		m.seconds.WithLabelValues(r.Name).Observe(time.Since(started).Seconds())
	}
}
