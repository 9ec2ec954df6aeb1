# `make` lists the commands. All of them run in a virtual environment of their own, .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo demo-orders test quick side-by-side test-hosts check lint types bench costs sync probe estimate assumptions personal-data show constraints clean

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

install: $(STAMP)  ## set up .venv

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "Python 3.10 to 3.13 is needed; name one with make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(STAMP)  ## copy a sandbox store into DuckDB, twice
	@$(BIN)/python -m demo

demo-orders: $(STAMP)  ## send 50 purchase orders to a sandbox store, twice
	@$(BIN)/python -m demo.orders

# The long files of integration_tests come first, so that all workers end together. What needs real
# time runs in the end, by itself.
TESTS := not hosts and not image_tests
PYTEST := $(BIN)/python -m pytest
PARALLEL := $(PYTEST) -n auto --dist loadfile --no-loadscope-reorder integration_tests unit_tests
# Without bytecode, each worker and each process compiles everything again.
unexport PYTHONDONTWRITEBYTECODE

ALONE = $(shell grep -rl --include='*.py' mark.alone integration_tests unit_tests)

test: lint  ## lint, types and all tests
	@$(MAKE) --no-print-directory --jobs=2 types side-by-side
	$(PYTEST) -m "$(TESTS) and alone" $(ALONE)

quick: lint  ## lint, types and the tests that start no process, wait for nothing and are short
	@$(MAKE) --no-print-directory --jobs=2 types side-by-side LEFT_OUT="alone or process or thorough"

LEFT_OUT := alone
side-by-side: $(STAMP)
	$(PARALLEL) -m "$(TESTS) and not ($(LEFT_OUT))"

test-hosts: $(STAMP)  ## the connector in the programs that run it, and on every Python there is
	$(PYTEST) -m hosts -rA

check: lint types  ## lint and types

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/hadolint Dockerfile

types: $(STAMP)
	$(BIN)/mypy .

bench: $(STAMP)  ## measure speed and memory: make bench ARGS=--quick
	@$(BIN)/python -m benchmarks $(ARGS)

costs: $(STAMP)  ## how long a sync takes, by quota and by size of the store
	@$(BIN)/python -m benchmarks.costs

sync: $(STAMP)  ## copy a real store into DuckDB: make sync CONFIG=secrets/config.json
	@test -n "$(CONFIG)" || { echo "Usage: make sync CONFIG=secrets/config.json"; exit 2; }
	@$(BIN)/python -m demo --config "$(CONFIG)" $(if $(STREAMS),--streams $(STREAMS))

probe: $(STAMP)  ## check in a real store what the connector assumes: make probe CONFIG=secrets/config.json
	@test -n "$(CONFIG)" || { echo "Usage: make probe CONFIG=secrets/config.json"; exit 2; }
	@$(BIN)/source-bigcommerce probe --config "$(CONFIG)" --report "$(or $(REPORT),report.json)"

estimate: $(STAMP)  ## what a first sync and a daily one take: make estimate CONFIG=secrets/config.json
	@test -n "$(CONFIG)" || { echo "Usage: make estimate CONFIG=secrets/config.json [CATALOG=catalog.json]"; exit 2; }
	@$(BIN)/source-bigcommerce estimate --config "$(CONFIG)" $(if $(CATALOG),--catalog "$(CATALOG)")

assumptions: $(STAMP)  ## write the table of docs/assumptions.md
	@$(BIN)/python scripts/assumptions.py

personal-data: $(STAMP)  ## write the table of docs/personal-data.md
	@$(BIN)/python scripts/personal_data.py

show: $(STAMP)  ## print a stream of the manifest unfolded: make show STREAM=order_products
	@$(BIN)/python scripts/show.py $(STREAM)

constraints: $(STAMP)  ## fix the versions of everything that is installed (with Python 3.10)
	$(BIN)/python -m pip install --quiet --upgrade -e '.[dev]'
	$(BIN)/python -m pip freeze --exclude-editable | grep == | grep -vE '^(aiofile|caio)==' > constraints.txt  # no one version of these fits 3.10 and 3.11

clean:  ## remove .venv and what tools left behind
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
