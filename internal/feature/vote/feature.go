// Package vote is the pages of 居民议事投票 for people: may I vote, the ballot
// with its options in an order of each voter's own, check, receipt, result, and
// the staff's forms. What a poll is and who may do what stands in ballot.
package vote

import (
	"embed"

	"linli/internal/feature/ballot"
	"linli/internal/platform/part"
	"linli/internal/ui"
)

//go:embed ballot.js ballot.css
var assets embed.FS

// Service shows polls.
type Service struct {
	*ballot.Service
	Page ui.Shell
}

// New returns the pages of polls; Page is wired by app.
func New(polls *ballot.Service) *Service { return &Service{Service: polls} }

// Part is what the pages hand to the house; their words are ballot's.
func (s *Service) Part() part.Part { return part.Part{Name: "vote", Assets: assets, Routes: s.pages()} }
