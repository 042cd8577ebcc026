# Two commands set everything up: `make playground` to try Purser, `make test` to check it. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
unexport PYTHONDONTWRITEBYTECODE  # tests are compiled once, not at every run

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
CODE := bot storage tests

##@ Use
.PHONY: playground
playground: $(VENV)/.stamp-runtime $(VENV)/.stamp-project  ## Start Purser on this machine: no Slack, no provider, no database server
	@$(BIN)/purser playground $(ARGS)

##@ Check
.PHONY: test
test: postgresql chromium check-static pytest  ## Everything: format, lint, imports, types, tests on both databases and in a browser

.PHONY: check-fast
check-fast: check-static  ## Static checks, and the tests that need no server and no second
	@$(BIN)/pytest -q -k "not postgresql" -m "not slow and not crash and not litellm and not browser" $(ARGS)

.PHONY: test-sqlite
test-sqlite: setup  ## All tests but those on PostgreSQL
	@$(BIN)/pytest -k "not postgresql" $(ARGS)

.PHONY: test-browser
test-browser: setup chromium  ## Tests of the playground's page in a real browser
	@$(BIN)/pytest tests/browser $(ARGS)

.PHONY: pytest
pytest: setup  ## All tests; pick some with ARGS="-k name"
	@status=0; $(BIN)/pytest $(ARGS) || status=$$?; \
	if [ $$status = 1 ]; then \
	  echo; echo "== what failed above, once more, one by one: on a busy machine a process may have come late"; status=0; \
	  $(BIN)/pytest -n0 --last-failed --last-failed-no-failures=none $(ARGS) || status=$$?; \
	fi; exit $$status

.PHONY: check-static
check-static: format-check lint imports types

.PHONY: format-check
format-check: setup
	@echo "== format"; $(BIN)/ruff format --check $(CODE)

.PHONY: lint
lint: setup  ## ruff
	@echo "== lint"; $(BIN)/ruff check $(CODE)

.PHONY: imports
imports: setup  ## Import contracts: who may import what
	@echo "== imports"; $(BIN)/lint-imports --no-logo

.PHONY: types
types: setup  ## mypy --strict
	@echo "== types"; $(BIN)/mypy

##@ Change
.PHONY: format
format: setup  ## Format, and mend what ruff can mend
	@$(BIN)/ruff check --fix-only $(CODE); $(BIN)/ruff format $(CODE)

.PHONY: requirements
requirements: setup  ## Compile requirements/*.in to pins with hashes; UPGRADE=--upgrade for newer versions
	@for name in build runtime dev; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url --no-emit-find-links $(UPGRADE) requirements/$$name.in -o requirements/$$name.txt; \
	done
	@! grep -nE '://|^ *-(-index-url|-extra-index-url|-find-links|i|f) ' requirements/*.txt  # pins name no registry

.PHONY: screenshots
screenshots: setup chromium  ## Take the README's pictures of the playground again
	@.ci/debian fonts
	@$(BIN)/python -m tests.browser.screenshots $(ARGS)

##@ Measure
.PHONY: bench
bench: setup postgresql chromium  ## The figures of docs/benchmarks.md
	@$(BIN)/python -m tests.postgres $(BIN)/python -m tests.bench $(ARGS)

.PHONY: mutation
mutation: setup  ## Mutation score of bot/domain and the ledger (long)
	@$(BIN)/mutmut run; $(BIN)/mutmut results; $(BIN)/mutmut export-cicd-stats >/dev/null
	@$(BIN)/python -c 'import json; s = json.load(open("mutants/mutmut-cicd-stats.json")); \
	  print("mutation score: {:.1%} ({killed} of {total} killed)".format((s["killed"] + s["timeout"]) / s["total"], **s))'

.PHONY: coverage
coverage: setup postgresql  ## Line and branch coverage
	@$(BIN)/coverage erase; $(BIN)/coverage run -m pytest -n0 $(ARGS); $(BIN)/coverage combine -q; $(BIN)/coverage report

##@ Set-up
.PHONY: setup
setup: $(VENV)/.stamp-dev $(VENV)/.stamp-project  ## What the checks need, into .venv

.PHONY: postgresql chromium
postgresql chromium:
	@.ci/debian $@

.PHONY: clean
clean:  ## Remove what was installed and cached here
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache mutants build *.egg-info .coverage*

.PHONY: help
help:
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@.ci/debian venv
	@echo "== making $(VENV) with $$($(PYTHON) --version)"; $(PYTHON) -m venv $(VENV)

# Either stamp is fresh while its pins are; what development needs includes what running needs.
$(VENV)/.stamp-runtime: requirements/build.txt requirements/runtime.txt | $(BIN)/python
	@echo "== installing what Purser runs on"
	@$(PIP) install --require-hashes -r requirements/build.txt -r requirements/runtime.txt
	@touch $@

$(VENV)/.stamp-dev: requirements/build.txt requirements/dev.txt | $(BIN)/python
	@echo "== installing what the checks need"
	@$(PIP) install --require-hashes -r requirements/build.txt -r requirements/dev.txt
	@touch $@ $(VENV)/.stamp-runtime

$(VENV)/.stamp-project: pyproject.toml | $(BIN)/python
	@[ -f $(VENV)/.stamp-runtime ] || $(MAKE) $(VENV)/.stamp-runtime
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
