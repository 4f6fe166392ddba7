package app

import "linli/internal/feature/ledger"

// wireLedger makes the public ledger, which reads the events of all features.
func (h *House) wireLedger() {
	h.Ledger = ledger.New(h.Journal, h.Config.Secret, h.Config.BaseURL)
	h.Ledger.Page = h.page
}
