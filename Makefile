PYTHON ?= python3
VENV := .venv
ARGS ?=
# Processes that run the tests.
JOBS ?= 2

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --constraint constraints.txt
# Touched when an install is complete: the package with what running needs, and the tools for development.
RUN := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
METADATA := setup.cfg pyproject.toml constraints.txt

.PHONY: help evolve test test-all crash-test fuzz lint types wheel check-wheel docs screenshots clean
.DELETE_ON_ERROR:

help:  ## list the commands
	@echo 'Commands (PYTHON=... chooses the interpreter of .venv, ARGS=... is passed on):'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

evolve: $(RUN)  ## evolve an AmoebaNet cell on the embedded dataset, about a minute on two cores
	$(BIN)/evonas evolve --genome amoeba $(ARGS)

test: $(DEV)  ## run the tests
	OMP_NUM_THREADS=1 $(BIN)/pytest -n $(JOBS) --dist loadfile -m "not slow" $(ARGS)

test-all: $(DEV)  ## run the tests, the slow ones too
	OMP_NUM_THREADS=1 $(BIN)/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

crash-test: $(DEV)  ## kill searches 500 times, and resume them; some 30 minutes
	OMP_NUM_THREADS=1 $(BIN)/python tests/crash/crash.py --kills 500 $(ARGS)

fuzz: $(DEV)  ## read 100,000 inputs that are wrong in every way, and import 5,500 random models
	OMP_NUM_THREADS=1 $(BIN)/python tests/fuzz/fuzz.py --inputs 100000 $(ARGS)
	OMP_NUM_THREADS=1 $(BIN)/python tests/fuzz/fuzz_imports.py --models 5000 --programs 500

lint: $(DEV)  ## check style and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(DEV)  ## check types, on the installed wheel
	$(BIN)/python tests/packaging/check_wheel.py types

wheel: $(DEV)  ## build the wheel into dist/
	rm -rf build dist
	$(BIN)/python -m build --wheel --no-isolation

check-wheel: $(DEV)  ## check the installed wheel: files, imports, command line, doctests, types
	$(BIN)/python tests/packaging/check_wheel.py

docs: $(DEV)  ## build the documentation into build/docs, the notebooks executed; warnings are errors
	OMP_NUM_THREADS=1 $(BIN)/sphinx-build -W --keep-going -b html docs build/docs $(ARGS)

screenshots: $(DEV)  ## take the pictures in docs/images anew (needs chromium)
	$(BIN)/python docs/take_pictures.py $(ARGS)

clean:  ## remove what was built and cached; keeps .venv and runs/
	rm -rf build dist evonas.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find evonas genomes operators tests benchmarks docs -type d -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "evonas needs Python 3.11 or newer, \
	and $(PYTHON) is " + sys.version.split()[0] + ": make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

# The package is built with the pinned setuptools, not in an environment of its own.
$(RUN): $(METADATA) | $(BIN)/pip
	$(PIP) setuptools
	$(PIP) --no-build-isolation --editable .
	touch $@

$(DEV): $(METADATA) | $(BIN)/pip
	$(PIP) setuptools
	$(PIP) --no-build-isolation --editable '.[dev]'
	touch $(RUN) $@
