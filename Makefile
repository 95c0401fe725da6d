# Everything a checkout needs, on a machine with Python 3.11 or newer alone.
#   make demo    the rules here, converted, read back and judged on their fixtures
#   make test    the tests
#   make check   what a commit must pass: ruff, mypy --strict, pytest with warnings as errors
#   make fuzz    the property tests and the long suites, whole
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check fuzz wheel clean

demo: $(READY)
	$(BIN)/samefire convert rules/aws/execution_via_system_manager.toml --to sigma
	$(BIN)/samefire test rules

test: $(READY)
	$(BIN)/python -m pytest -n 2

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2

fuzz: $(READY)
	SAMEFIRE_FUZZ=1 $(BIN)/python -m pytest -n 2 -m "property or slow"

wheel: $(READY)
	$(BIN)/python -m build --wheel --outdir dist .

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "samefire needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	$(BIN)/python -m compileall -q samefire converters cli.py
	@touch $(READY)

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
