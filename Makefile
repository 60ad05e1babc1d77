# contentsync: `make help` lists the targets.
PYTHON ?= python3
BIN := .venv/bin
CORPUS ?= ../shared/corpus
export CORPUS
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help run test test-fast check format bench eval lock replay .venv

help: ## this list
	@awk -F ':.*## ' '/^[a-z.-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.runtime ## start contentsync (Ctrl-C stops it)
	@exec $(BIN)/contentsync run

test: .venv/.development ## all tests
	@$(BIN)/python -m pytest -n 2 --dist worksteal

test-fast: .venv/.development ## the tests that need no browser, PostgreSQL or whole process
	@$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

check: .venv/.development ## formatting, types, guards
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q tests/test_guards.py

format: .venv/.development ## let ruff format and mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: .venv/.development ## measure speed and size; JSON lines on stdout. ONLY=a,b picks some
	@$(BIN)/python -m tests.bench $(if $(ONLY),--only $(ONLY))

IMPRESSIONS := $(CORPUS)/ranking/impressions.tsv
HEADLINES := $(CORPUS)/stories/headlines.csv

eval: .venv/.runtime ## measure ranking and stories on CORPUS; ARGS="--json --plot curve.svg" and the like
	@for file in $(IMPRESSIONS) $(HEADLINES); do test -f $$file || { \
		echo "There is no $$file. Say where the corpus is: make eval CORPUS=/path" >&2; exit 1; }; done
	@$(BIN)/contentsync eval --impressions $(IMPRESSIONS) --headlines $(HEADLINES) $(ARGS)

replay: .venv/.development ## replay stored workflow histories
	@$(BIN)/python -m pytest -q tests/test_replay.py

lock: ## refresh the pinned, hashed dependencies (needs uv: $(BIN)/pip install uv)
	@$(UV_COMPILE) --upgrade --extra postgres --group build pyproject.toml -o requirements.lock
	@$(UV_COMPILE) --upgrade --group dev -c requirements.lock pyproject.toml -o tests/requirements.lock

.venv: .venv/.development ## build the environment (run and test do it themselves)

# The runtime stamp is enough to run; the development stamp adds what tests and checks need.
.venv/.runtime: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "contentsync needs Python 3.11 or newer: make run PYTHON=python3.12")'
	@echo "Setting up .venv (once; about a minute)…"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.development: .venv/.runtime tests/requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r tests/requirements.lock
	@touch $@
