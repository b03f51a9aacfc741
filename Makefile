# Everything a person types while working on Amends; `make` alone prints the list.

PORT  ?= 8420
FRESH ?=
MINUTES ?= 10
PROCESSES ?= 40
EXAMPLES ?= 2000
SEED ?= 7
KILLS ?=
STAGE ?= both
VENV  := .venv
BIN   := $(VENV)/bin
PIP   := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
LOCK  := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
         --no-header --no-annotate --no-emit-index-url
ROOMS := monitor responders storage places desk sandbox torture

# Where Python is told to keep nothing that it compiled, every start of everything compiles all of it anew.
unexport PYTHONDONTWRITEBYTECODE

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help venv demo test test-bluesky pictures torture torture-workers model held-out model-search bench check check-quick style types imports documents house format locks wheel clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- the environment ------------------------------------------------------------------------------
# Two stamps: `make demo` installs what the service needs; the tools for working on it come with the first `make test`.

venv: $(VENV)/.made-dev ## make .venv, with everything needed to run Amends and to work on it

$(VENV)/.made-run: requirements/build.txt requirements/run.txt pyproject.toml hatch_build.py
	@$(find-python)
	@echo "Installing Amends into $(VENV) ..."
	@$(PIP) install --require-hashes --only-binary :all: --no-deps -r requirements/build.txt
	@$(PIP) install --require-hashes --only-binary :all: -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.made-dev: $(VENV)/.made-run requirements/dev.txt
	@echo "Installing the tools for working on Amends ..."
	@$(PIP) install --require-hashes --only-binary :all: -r requirements/dev.txt
	@touch $@

# Makes $(VENV) with the first Python that is new enough and able to, unless the one there still works.
define find-python
if $(BIN)/python -m pip --version >/dev/null 2>&1; then exit 0; fi; \
old=; \
for python in "$$PYTHON" python3 python3.14 python3.13 python3.12 python3.11; do \
    [ -n "$$python" ] && "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
    "$$python" -c 'import ensurepip, venv' 2>/dev/null || { old="$$python"; continue; }; \
    echo "Making $(VENV) with $$("$$python" --version) ..."; \
    exec "$$python" -m venv --clear $(VENV); \
done; \
if [ -n "$$old" ]; then \
    echo "Amends needs Python's venv module, and $$old has none. On Debian or Ubuntu: sudo apt install python3-venv" >&2; \
else \
    echo "Amends needs Python 3.11 or newer, and none was found. Install one, or say where it is: make PYTHON=/path/to/python3" >&2; \
fi; \
exit 1
endef

# --- running it -----------------------------------------------------------------------------------

# `exec` leaves no shell between Ctrl-C and the service, which then ends by itself.
demo: $(VENV)/.made-run ## see Amends at work in a practice town (PORT=8420; FRESH=1 begins anew)
	@exec $(BIN)/amends demo --port $(PORT)$(if $(FRESH), --fresh)

# --- watching over it -----------------------------------------------------------------------------

test: $(VENV)/.made-dev ## run every test
	@$(BIN)/pytest -n auto --dist worksteal

test-bluesky: $(VENV)/.made-dev ## run Bluesky's tests against its real servers, installed for that into .bluesky (700 MB)
	@$(BIN)/python -m tests.bluesky_network.network

pictures: $(VENV)/.made-dev ## take the README's pictures anew, from a running demo
	@AMENDS_PICTURES=docs/images $(BIN)/pytest -q tests/story -k "pictures or daily"

torture: $(VENV)/.made-dev ## kill the service at random while everything goes wrong; goes on where it stopped (MINUTES=10 SEED=7 KILLS= PROCESSES=40)
	@$(BIN)/amends-torture --minutes $(MINUTES) --seed $(SEED) --processes $(PROCESSES) $(if $(KILLS),--kills $(KILLS)) --resume .torture-$(SEED).json

model: $(VENV)/.made-dev ## make the filter's weights anew from its authored examples (an hour; installs torch)
	@$(PIP) install --require-hashes --only-binary :all: -r requirements/model.txt
	@$(BIN)/python -m monitor.filter.training --seed $(SEED)

held-out: $(VENV)/.made-dev ## how well the filter tells the texts that we measure with (STAGE=both)
	@$(BIN)/python -m monitor.filter.evaluating --stage $(STAGE)

model-search: $(VENV)/.made-dev ## play the whole case in new random orders against its model (EXAMPLES=2000)
	@AMENDS_MODEL_EXAMPLES=$(EXAMPLES) $(BIN)/pytest -q tests/model

torture-workers: $(VENV)/.made-dev ## kill workers every three seconds on PostgreSQL (MINUTES=10 SEED=7 TEST_DATABASE_URL=)
	@$(BIN)/python -m torture.workers --minutes $(MINUTES) --seed $(SEED)

bench: $(VENV)/.made-dev ## how many replies and polls a second both databases take, and how many mentions the filter
	@$(BIN)/python -m torture.bench
	@$(BIN)/python -m torture.bench_filter

check: check-quick test ## everything that must hold: style, types, imports, documents, locks, tests

check-quick: style types imports documents house ## all of `make check` but the tests

style: $(VENV)/.made-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.made-dev
	@$(BIN)/mypy

imports: $(VENV)/.made-dev
	@$(BIN)/lint-imports

documents: $(VENV)/.made-dev
	@$(BIN)/python -m desk.documents --check

house: $(VENV)/.made-dev
	@$(BIN)/pytest -q tests/house

format: $(VENV)/.made-dev ## put the code into its usual form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# --- making things --------------------------------------------------------------------------------

# Only distributions named in pyproject.toml and requirements/build.in are ours to choose; the rest follows from them.
# django-htmx carries htmx's files and is locked alone: we run none of it, so it need not bring Django along.
locks: $(VENV)/.made-dev ## choose the newest allowed versions and lock them with their hashes
	@$(LOCK) --upgrade requirements/build.in --output-file requirements/build.txt >/dev/null
	@$(LOCK) --upgrade --no-deps requirements/carriers.in >> requirements/build.txt
	@$(LOCK) --upgrade pyproject.toml --output-file requirements/run.txt >/dev/null
	@$(LOCK) --upgrade pyproject.toml --extra scale --constraint requirements/run.txt --output-file requirements/scale.txt >/dev/null
	@$(LOCK) --upgrade pyproject.toml --extra dev --extra scale --constraint requirements/scale.txt --output-file requirements/dev.txt >/dev/null
	@$(LOCK) --upgrade pyproject.toml --extra model --constraint requirements/dev.txt --output-file requirements/model.txt >/dev/null

wheel: $(VENV)/.made-run ## build the wheel into dist/
	@$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .

clean: ## take away everything that make and the tests have made; .demo and your own files stay
	@rm -rf $(VENV) .bluesky .torture-*.json dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache desk/web/static/vendor
	@find $(ROOMS) alembic tests -name __pycache__ -type d -prune -exec rm -rf {} +
