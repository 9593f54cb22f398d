# Everything a person or CI does here. Needs Python >= 3.11, make and git; no root.
SHELL := /bin/bash
UV_VERSION := 0.13.9
BOOT := .boot
UV := $(BOOT)/bin/uv
PYTHON ?= python3
RUN := $(UV) run --no-sync
export UV_PYTHON_DOWNLOADS := never
export UV_PYTHON_PREFERENCE := only-system
export DAGSTER_DG_UPDATE_CHECK_ENABLED := 0
export DO_NOT_TRACK := 1
export UV_COMPILE_BYTECODE := 1

CITY := var/town
HOME_DIR := var/home
NIGHTS := 2026-11-18 2026-11-19 2026-11-20
TOWN_PEOPLE := 2000

.PHONY: help setup run sample test check format ui up bench oracle fuzz soak parity clean generated

help:
	@echo "make run    set up, make the sample town, run three nights, say what was found"
	@echo "make test   tests that need no browser, server or Java (JIUZHULIAN_REQUIRE=long: those of minutes, too)"
	@echo "make ui     the Dagster user interface on the same project (http://127.0.0.1:3000)"
	@echo "make up     the service: user interface, schedule and daemon (http://127.0.0.1:3000)"
	@echo "make check  format, lint, types, imports, SQL, contracts, generated files"
	@echo "make bench  nights beside a bare script, PySpark, pandas and Splink, into docs/benchmarks (PEOPLE)"
	@echo "make oracle a second, slow program on a city of 20,000: every tier, alert, chain and gap"
	@echo "make soak   nights killed at random moments (KILLS, SEED), and nights on a Spark cluster"
	@echo "make parity three nights of a city by DuckDB and by a Spark cluster, nothing may differ (PARITY_PEOPLE)"
	@echo "make fuzz   thousands of mutated files and round trips (FUZZ_FILES, FUZZ_SEED, EXAMPLES)"

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=/path/to/python3 ...")'
	$(PYTHON) -m venv $(BOOT)
	$(BOOT)/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.ready: $(UV) pyproject.toml uv.lock
	$(UV) sync --locked --quiet --python $(PYTHON)
	@touch .venv/.ready

setup: .venv/.ready

run: setup
	$(RUN) python -m pipelines.demo --city $(CITY) --home $(HOME_DIR) --people $(TOWN_PEOPLE)

test: setup
	$(RUN) pytest -n 2 --dist loadfile

check: setup
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(RUN) lint-imports
	$(RUN) yamllint --strict schemas workspace.yaml
	$(RUN) sqlfluff lint --disable-progress-bar pipelines
	for pack in schemas/policies/*/; do $(RUN) jiuzhulian check --policy $$pack || exit 1; done
	$(RUN) dg check defs
	$(RUN) python -m pipelines.reference --check

generated: setup
	$(RUN) python -m pipelines.reference

format: setup
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

ui: setup
	$(RUN) python -m pipelines.ui --home $(HOME_DIR) --landing $(CITY)/arrived

up: setup
	mkdir -p $(CITY)/arrived
	$(RUN) jiuzhulian serve --home $(HOME_DIR) --landing $(CITY)/arrived

PEOPLE := 30000 300000

bench: setup
	$(UV) sync --locked --quiet --group spark
	$(RUN) python -m benchmarks.bench --people $(PEOPLE)
	$(RUN) python -m benchmarks.report

oracle: setup
	$(RUN) python -m tests.oracle.soak --people 20000 --work var/oracle

FUZZ_FILES := 6000
FUZZ_SEED := $(shell date +%Y%m%d)
EXAMPLES := 40

fuzz: setup
	JIUZHULIAN_FUZZ_FILES=$(FUZZ_FILES) JIUZHULIAN_FUZZ_SEED=$(FUZZ_SEED) \
	JIUZHULIAN_EXAMPLES=$(EXAMPLES) $(RUN) pytest -n 2 tests/intake/test_fuzz.py tests/intake/test_round_trip.py

KILLS := 200
COMMAND_KILLS := 10
SEED := $(shell date +%Y%m%d)

soak: setup
	$(RUN) python -m tests.faults.soak --kills $(KILLS) --seed $(SEED) --work var/kills
	$(RUN) python -m tests.faults.soak --kills $(COMMAND_KILLS) --seed $(SEED) --command --work var/kills_command
	JIUZHULIAN_REQUIRE=spark,cluster,parity $(RUN) pytest -n 0 -m "cluster or parity"

PARITY_PEOPLE := 20000

parity: setup
	$(UV) sync --locked --quiet --group spark
	JIUZHULIAN_REQUIRE=spark,parity JIUZHULIAN_SPARK_PEOPLE=$(PARITY_PEOPLE) $(RUN) pytest -n 0 -m parity

clean:
	rm -rf var .pytest_cache .mypy_cache .ruff_cache
