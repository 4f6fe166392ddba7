# What one does with Linli. `make` alone tells.

# The product is built without cgo; only the race detector needs it.
export CGO_ENABLED ?= 0

# Starts one PostgreSQL for a whole run of tests, see internal/platform/dbtest.
WITH_POSTGRES = go run ./internal/platform/dbtest/pgserver --

# Packages whose goroutines share state: their tests run under the race
# detector too. Only those that exist count.
RACE = $(addprefix ./,$(wildcard internal/platform/db internal/platform/journal internal/platform/session \
	internal/platform/web internal/platform/blob internal/feature/wish internal/feature/ballot))

FUZZTIME ?= 10s

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## Serve a made-up district on http://127.0.0.1:8080
	go run ./cmd/linli demo

.PHONY: test
test: ## Run all tests on both engines and in a browser; fetches both by apt where it may
	@scripts/deps test
	@$(WITH_POSTGRES) go test -timeout 30m ./... ; code=$$? ; scripts/deps missing ; exit $$code

.PHONY: check
check: ## Check format, vet, staticcheck, generated code, architecture and modules
	@unformatted=$$(git ls-files --cached --others --exclude-standard '*.go' | xargs -r ls 2>/dev/null | xargs -r gofmt -l) ; \
		if [ -n "$$unformatted" ]; then echo "not formatted, run gofmt -w:" ; echo "$$unformatted" ; exit 1 ; fi
	@go tool templ generate -check -log-level warn || { echo "generated code is not current, run make templ" ; exit 1 ; }
	@for code in $$(git ls-files '*_templ.go'); do \
		[ ! -e $$code ] || [ -e $${code%_templ.go}.templ ] || { echo "$$code has lost its .templ" ; exit 1 ; } ; done
	go vet ./...
	go tool staticcheck ./...
	go test ./internal/arch/...
	go mod verify

.PHONY: race
race: ## Run the tests of what is shared between goroutines under the race detector (needs gcc)
	$(WITH_POSTGRES) env CGO_ENABLED=1 go test -race -timeout 20m $(RACE)

.PHONY: bench
bench: ## Measure against floors in the same run, on SQLite and PostgreSQL; prints ratios
	go run ./internal/app/bench
	$(WITH_POSTGRES) sh -c 'go run ./internal/app/bench -db "$$LINLI_TEST_POSTGRES" -rounds 3'

.PHONY: handbook
handbook: ## Write docs/handbook anew from the lifecycle tables
	go test ./internal/app -run TestHandbook -update -count=1

.PHONY: cover
cover: ## Write coverage.html: what the tests run through, all packages counted
	$(WITH_POSTGRES) go test -timeout 20m -coverpkg ./... -coverprofile coverage.out ./...
	go tool cover -html coverage.out -o coverage.html
	go tool cover -func coverage.out | tail -n 1

.PHONY: e2e
e2e: ## Run only the tests of the whole program in a browser
	@scripts/deps test
	$(WITH_POSTGRES) go test -timeout 20m ./e2e/...

.PHONY: fuzz
fuzz: ## Run every fuzz test for FUZZTIME (10s)
	scripts/fuzz $(FUZZTIME)

.PHONY: templ
templ: ## Generate the code of all pages (*.templ); from here only, the code names its source by path
	go tool templ generate
