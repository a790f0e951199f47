# Everything a newcomer needs. GNU make and Python 3.11, 3.12 or 3.13 are enough to begin with; Linux or macOS.
#
#   make run    the worked example, from source tables to the portal folder
#   make test   the tests

VENV ?= .venv
PORT ?= 3000
CKAN_VERSION ?= 2.12.0
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
EXAMPLE := var/example

PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --compile --constraint constraints.txt

export DAGSTER_DISABLE_TELEMETRY := yes
export DO_NOT_TRACK := 1
export GX_ANALYTICS_ENABLED := false

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install run ui test test-thorough test-ckan test-spark test-executors bench lint format docs docs-check docs-reference pins clean clean-data

help:
	@echo 'make run             make the example sources, run everything, say what was released and where'
	@echo 'make install         what `make run` needs, without running anything: .venv/bin/ddg'
	@echo 'make test            run the tests (ARGS=tests/masking for some of them)'
	@echo 'make test-thorough   more faults and attempts to get round the gate; minutes more'
	@echo 'make test-ckan       publishing to a real CKAN, which it starts (docs/how-to/portal.md); minutes'
	@echo 'make test-spark      aggregates and macros in Apache Spark, which it installs (half a gigabyte; Java is needed)'
	@echo 'make test-executors  a run whose steps are done by Celery, which it installs; minutes'
	@echo 'make ui              look at it in Dagster, on http://127.0.0.1:$(PORT) (PORT=… for another port)'
	@echo 'make bench           measure masking beside its peers and write its page (ARGS=--full for all tables)'
	@echo 'make lint            style, types, import contracts, generated documents'
	@echo 'make format          put the style right'
	@echo 'make docs            build the documentation as a site: build/site/index.html'
	@echo 'make docs-check      the same, look at it in a browser, and run every command that it shows'
	@echo 'make docs-reference  generate what the code says in docs/reference'
	@echo 'make pins            resolve all dependencies anew into constraints.txt'
	@echo 'make clean           remove $(VENV) and what tools left behind'
	@echo 'make clean-data      remove var/: sources, stores, releases, history of runs'

# -- what people do ------------------------------------------------------------------------------------------------------

run: $(STAMPS)/compiled $(EXAMPLE)/.complete
	$(BIN)/ddg run

ui: $(STAMPS)/ui $(EXAMPLE)/.complete
	@test -d var/dagster/history || $(BIN)/ddg run || echo 'make: the run did not release everything; the UI shows why'
	@echo 'Dagster: http://127.0.0.1:$(PORT) (Ctrl-C ends it)'
	PYTHONWARNINGS='ignore:Function `dev_command` is superseded' \
	DAGSTER_HOME='$(CURDIR)/var/dagster' $(BIN)/dagster dev --workspace workspace.yaml --host 127.0.0.1 --port $(PORT)

test: $(STAMPS)/dev $(STAMPS)/compiled
	$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder -m 'not thorough and not ckan and not documentation' $(ARGS)

# faults, and attempts to get round the gate, that the other one has no time for: minutes
test-thorough: $(STAMPS)/dev $(STAMPS)/compiled
	$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder -m thorough $(ARGS)

# the tests whose names contain `ckan`, on a real one: a year of releases, kills after every request
test-ckan: $(STAMPS)/dev $(STAMPS)/compiled var/ckan/venv/.complete
	$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder -m ckan $(ARGS)

# what is tried in a local session of Apache Spark; `make test-thorough` has it too from then on
test-spark: $(STAMPS)/spark $(STAMPS)/compiled
	$(BIN)/pytest -k spark tests/orchestration tests/dbt_package $(ARGS)

test-executors: $(STAMPS)/executors $(STAMPS)/compiled
	$(BIN)/pytest tests/orchestration/test_executors.py $(ARGS)

# in an environment of its own, because it pins others of our packages

var/ckan/venv/.complete: $(STAMPS)/venv
	$(BIN)/python -m venv var/ckan/venv
	var/ckan/venv/bin/pip --disable-pip-version-check install --quiet --compile 'ckan[requirements]==$(CKAN_VERSION)'
	@touch $@

# peers come in environments of their own, under var/bench
bench: $(STAMPS)/bench
	$(BIN)/python -m benchmarks $(ARGS)

lint: $(STAMPS)/dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate_contract_reference.py --check
	$(BIN)/python docs/generate_reference.py --check

format: $(STAMPS)/dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# a link or an anchor that leads nowhere is an error
docs: $(STAMPS)/dev
	$(BIN)/sphinx-build --fail-on-warning --keep-going --nitpicky --fresh-env --quiet -b html docs build/site
	@echo 'build/site/index.html'

docs-check: docs $(STAMPS)/compiled
	$(BIN)/pytest --numprocesses auto --dist loadfile docs tests/docs $(ARGS)

docs-reference: $(STAMPS)/run
	$(BIN)/python docs/generate_contract_reference.py
	$(BIN)/python docs/generate_reference.py

clean:
	rm -rf '$(VENV)' build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

clean-data:
	rm -rf var

# -- installation --------------------------------------------------------------------------------------------------------
# One stamp for each set of packages: a second `make run` installs nothing, and an edited pin installs what changed.

install: $(STAMPS)/compiled

$(STAMPS)/venv:
	@set -e; \
	for candidate in $${PYTHON:-python3.13 python3.12 python3.11 python3 python}; do \
	    if "$$candidate" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
	        >/dev/null 2>&1; then python="$$candidate"; break; fi; \
	done; \
	if test -z "$$python"; then \
	    echo "make: found no Python 3.11, 3.12 or 3.13 that can make virtual environments (tried: $${PYTHON:-python3.13," \
	        "python3.12, python3.11, python3, python})." >&2; \
	    echo "make: install one (on Debian and Ubuntu: apt install python3 python3-venv), or name it:" \
	        "make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; \
	    exit 1; \
	fi; \
	echo "$$("$$python" --version) in $(VENV); installing takes a minute or two and about a gigabyte"; \
	"$$python" -m venv '$(VENV)'
	$(PIP) install --quiet --upgrade 'pip>=25.1'
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/run: $(STAMPS)/venv pyproject.toml constraints.txt
	$(INSTALL) --editable '.[postgres]'
	@touch $@

# what is compiled at its first use, compiled now
$(STAMPS)/compiled: $(STAMPS)/run $(shell grep -l numba -r ddg_pipeline --include='*.py')
	@$(BIN)/python -m ddg_pipeline.warm_up
	@touch $@

$(STAMPS)/ui: $(STAMPS)/run
	$(INSTALL) --editable '.[postgres,ui]'
	@touch $@

$(STAMPS)/dev: $(STAMPS)/ui
	$(INSTALL) --group dev
	@touch $@

$(STAMPS)/spark: $(STAMPS)/dev
	$(INSTALL) --group spark
	@touch $@

$(STAMPS)/executors: $(STAMPS)/dev
	$(INSTALL) --group executors
	@touch $@

$(STAMPS)/bench: $(STAMPS)/run
	$(INSTALL) --group bench
	@touch $@

# the same files for the same generator, byte for byte
$(EXAMPLE)/.complete: $(wildcard ddg_pipeline/example/*.py ddg_pipeline/example/data/*) | $(STAMPS)/run
	$(BIN)/ddg example $(EXAMPLE)
	@touch $@

# Resolved for the oldest Python, because what runs there runs on all: no hashes, no addresses, no installers.
pins: $(STAMPS)/venv
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
	    || { echo 'make: pins are resolved with Python 3.11; make clean, then make pins PYTHON=python3.11' >&2; exit 1; }
	rm -rf build/pins
	$(BIN)/python -m venv build/pins
	build/pins/bin/pip install --quiet --upgrade 'pip>=25.1'
	build/pins/bin/pip install --quiet --editable '.[postgres,ui]' --group dev --group spark --group executors
	{ echo '# What this project is tested with, on Python 3.11 to 3.13. Written by `make pins`.'; \
	  build/pins/bin/pip list --format=freeze --exclude-editable \
	      --exclude pip --exclude setuptools --exclude wheel | LC_ALL=C sort -f; } > constraints.txt
	rm -rf build/pins
