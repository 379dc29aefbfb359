# "make help" lists the targets. "make run" needs only git, make, Rust and Node
# beforehand; the rest is installed on Debian and named elsewhere.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

TARGET := $(or $(CARGO_TARGET_DIR),target)
NPM := npm --prefix frontend
E2E := npm --prefix tests/e2e
EXAMPLE := npm --prefix examples/candidate-service
OPENAPI := npm --prefix openapi

# Honoured by "make run".
PORT ?= 8080
CANDIDATE_PORT ?= 8090
DATABASE_URL ?= sqlite://$(CURDIR)/data/shiming.db

# What "make run" serves with, and its commands work on.
SETTINGS = env PORT='$(PORT)' DATABASE_URL='$(DATABASE_URL)' \
  SHIMING__SERVER__PUBLIC_URL="$${SHIMING__SERVER__PUBLIC_URL:-http://localhost:$(PORT)}" \
  SHIMING__SERVER__SPA_DIR="$${SHIMING__SERVER__SPA_DIR:-frontend/dist}" \
  SHIMING__KEYS__FILE="$${SHIMING__KEYS__FILE:-data/keyring.json}"

# The tests that kill the program wait more than they compute.
export RUST_TEST_THREADS ?= $(shell echo $$((4 * $$(getconf _NPROCESSORS_ONLN))))

# A step of a long run: $(STEP) 'name' command...
STEP := scripts/step.sh

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "%-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- Running -----------------------------------------------------------------

.PHONY: run
run: ## Build everything and serve it at http://localhost:8080, with a candidate service at 8090 (PORT, CANDIDATE_PORT, DATABASE_URL)
	@scripts/deps.sh run
	cargo build --release --locked --bin shiming
	@$(MAKE) frontend/dist/index.html examples/candidate-service/node_modules/.installed
	@exec $(SETTINGS) CANDIDATE_PORT='$(CANDIDATE_PORT)' \
	  SHIMING_BIN='$(TARGET)/release/shiming' scripts/run.sh

.PHONY: shiming
shiming: ## A command of the operator beside "make run": make shiming ARGS="units list"
	@test -x $(TARGET)/release/shiming || { echo '"make run" builds it first.' >&2; exit 1; }
	@exec $(SETTINGS) $(TARGET)/release/shiming $(ARGS)

.PHONY: deps
deps: ## Install what is missing to run and to test (Debian: root or sudo)
	@scripts/deps.sh test
	@$(MAKE) frontend/node_modules/.installed tests/e2e/node_modules/.installed tests/smtp/node_modules/.installed \
	  examples/candidate-service/node_modules/.installed openapi/node_modules/.installed $(PYTHON)/.installed

.PHONY: deps-check
deps-check: ## Say what is missing, and install nothing
	@scripts/deps.sh test --check

# npm ci only when the lock file has changed.
%/node_modules/.installed: %/package-lock.json
	npm --prefix $* ci --no-audit --no-fund --loglevel=error
	@touch $@

# The Python libraries of docs/integrators.md.
PYTHON := $(abspath $(TARGET))/python
$(PYTHON)/.installed: tests/e2e/requirements.txt
	@echo 'installing tests/e2e/requirements.txt into $(PYTHON)'
	@rm -rf $(PYTHON)
	@python3 -m venv $(PYTHON) || { echo 'python3 cannot make a venv (Debian: apt-get install python3-venv)' >&2; exit 1; }
	@$(PYTHON)/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement $<
	@$(PYTHON)/bin/pip check
	@touch $@

# A new build only when a source has changed.
SPA_SOURCES := $(shell find frontend -maxdepth 1 -type f) \
  $(shell find frontend/src frontend/public frontend/scripts -type f 2>/dev/null)
frontend/dist/index.html: frontend/node_modules/.installed $(SPA_SOURCES)
	$(NPM) run build
	@touch $@

# --- Testing -----------------------------------------------------------------

.PHONY: test
test: ## Everything that continuous integration runs
	@$(STEP) --all $(MAKE) deps lint test-scripts test-rust test-spa test-example check-generated test-e2e topology

# What "make lint" runs side by side: each takes one core.
LINTS := '$(NPM) run --silent typecheck' '$(NPM) run --silent lint' scripts/lint-ops.sh \
  '$(E2E) run --silent typecheck' '$(EXAMPLE) run --silent lint' '$(EXAMPLE) run --silent typecheck' \
  '$(OPENAPI) run --silent lint'

.PHONY: lint
lint: frontend/node_modules/.installed tests/e2e/node_modules/.installed examples/candidate-service/node_modules/.installed openapi/node_modules/.installed ## Formatting and lints of Rust, the web client, the OpenAPI document and the operations files
	@$(STEP) 'lint: format of Rust' cargo fmt --check
	@$(STEP) 'lint: Rust' cargo clippy --locked --all-targets -- -D warnings
	@# By itself, as it is shipped: the tests have libraries with more features.
	@$(STEP) 'lint: the program as it is shipped' cargo check --locked --bin shiming
	@printf '%s\n' $(LINTS) | $(STEP) 'lint: what is not Rust' xargs -P $$(getconf _NPROCESSORS_ONLN) -I '{}' bash -c '{}'

.PHONY: lint-openapi
lint-openapi: openapi/node_modules/.installed ## Lints of openapi/openapi.json
	@$(STEP) 'lint: OpenAPI document' $(OPENAPI) run --silent lint

.PHONY: test-scripts
test-scripts: ## Unit tests of the scripts
	@$(STEP) 'scripts: unit tests' python3 -B -m unittest discover --quiet --start-directory scripts/tests

.PHONY: test-rust
test-rust: tests/smtp/node_modules/.installed ## Rust tests, on SQLite and on PostgreSQL
	@TEST_DATABASE=sqlite $(STEP) 'Rust tests on SQLite' cargo test --locked
	@TEST_DATABASE=postgres $(STEP) 'Rust integration tests on PostgreSQL' \
	  scripts/with-postgres.sh cargo test --locked --test it

.PHONY: test-spa
test-spa: frontend/node_modules/.installed ## Unit tests, build and size budget of the web client
	@$(STEP) 'web client: unit tests' $(NPM) run --silent test
	@$(STEP) 'web client: build' $(MAKE) frontend/dist/index.html
	@$(STEP) 'web client: size' $(NPM) run --silent check:size

.PHONY: test-example
test-example: examples/candidate-service/node_modules/.installed ## Unit tests of the candidate service
	@$(STEP) 'candidate service: unit tests' $(EXAMPLE) test --silent

.PHONY: test-e2e
test-e2e: $(TARGET)/debug/shiming frontend/dist/index.html tests/e2e/node_modules/.installed examples/candidate-service/node_modules/.installed $(PYTHON)/.installed ## Browser tests against the real server
	@SHIMING_BIN='$(abspath $(TARGET))/debug/shiming' PYTHON='$(PYTHON)/bin/python3' \
	  $(STEP) 'browser tests' $(E2E) test --silent

.PHONY: topology
topology: $(TARGET)/debug/shiming frontend/dist/index.html ## Two nodes, PostgreSQL and nginx, one node killed
	@SHIMING_BIN=$(TARGET)/debug/shiming $(STEP) 'topology' scripts/topology-test.sh

.PHONY: check-generated
check-generated: $(TARGET)/debug/shiming frontend/node_modules/.installed ## Fail when generated files are out of date, or the API breaks its clients
	@SHIMING_BIN=$(TARGET)/debug/shiming $(STEP) 'generated files' scripts/check-generated.sh

.PHONY: bench
bench: frontend/dist/index.html tests/bench/oidc-provider/node_modules/.installed ## Load test; writes target/bench/report.json
	@scripts/deps.sh test
	DURABLE=1 STATEMENTS=1 scripts/with-postgres.sh cargo bench --locked --bench load

# The binary that the Rust tests use, which cargo brings up to date with them:
# by itself it would be built of libraries with other features, all of them anew.
.PHONY: $(TARGET)/debug/shiming
$(TARGET)/debug/shiming:
	@cargo build --locked --quiet --test it

# --- Writing -----------------------------------------------------------------

.PHONY: fmt
fmt: frontend/node_modules/.installed examples/candidate-service/node_modules/.installed ## Format Rust and the web client
	cargo fmt
	$(NPM) run --silent format
	$(EXAMPLE) run --silent format

.PHONY: gen
gen: openapi frontend/node_modules/.installed ## Make the generated files anew: OpenAPI document, TypeScript types
	$(NPM) run --silent gen:api

.PHONY: openapi
openapi: ## Write openapi/openapi.json
	@mkdir -p openapi
	cargo run --locked --quiet --bin shiming -- openapi > openapi/openapi.json.new
	@mv openapi/openapi.json.new openapi/openapi.json

.PHONY: clean
clean: ## Remove what was built (the data folder stays)
	cargo clean
	rm -rf frontend/dist frontend/node_modules openapi/node_modules tests/e2e/node_modules tests/smtp/node_modules examples/candidate-service/node_modules
