# Two commands: `make reports` and `make test`. Each sets up .venv where it is missing.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
PERIOD ?= 2026Q3
OUT ?= out

.PHONY: reports test lint lab benchmark clean

reports: $(VENV)/.ready
	$(BIN)/kpitools report --data data/sample --period $(PERIOD) --by team --out $(OUT)

test: $(VENV)/.ready-tests
	$(BIN)/python tests/needs.py
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	POLARS_MAX_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

lab: $(VENV)/.ready
	$(BIN)/kpitools lab

benchmark: $(VENV)/.ready-tests
	$(BIN)/python -m tests.benchmarks

$(VENV)/.ready: requirements.txt pyproject.toml
	@if command -v uv >/dev/null 2>&1; then \
	  test -x $(BIN)/python || uv venv --quiet --python '>=3.11' $(VENV); \
	  VIRTUAL_ENV=$(VENV) uv pip install --quiet -r requirements.txt && VIRTUAL_ENV=$(VENV) uv pip install --quiet --no-deps -e . ; \
	else \
	  test -x $(BIN)/python || $(PYTHON) -m venv $(VENV); \
	  $(BIN)/python -m pip install --quiet -r requirements.txt && $(BIN)/python -m pip install --quiet --no-deps -e . ; \
	fi
	@touch $@

$(VENV)/.ready-tests: $(VENV)/.ready tests/requirements.txt
	@if command -v uv >/dev/null 2>&1; then \
	  VIRTUAL_ENV=$(VENV) uv pip install --quiet -r tests/requirements.txt ; \
	else \
	  $(BIN)/python -m pip install --quiet -r tests/requirements.txt ; \
	fi
	@touch $@

clean:
	rm -rf $(VENV) $(OUT)
