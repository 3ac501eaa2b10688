# make demo      install into .venv and forecast the bundled series
# make test      run the tests                     make test-all   the slow ones too
# make check     format, lint, types, import order make format     rewrite the format
# make package   build the sdist and the wheel     make clean      remove what these made
# make sanitize  run the kernels under the address, undefined-behaviour and thread sanitizers

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test test-all check format package sanitize clean

demo: $(VENV)/installed
	$(BIN)/loopcast forecast examples/air_passengers.csv --horizon 12

test: $(VENV)/installed-test
	$(BIN)/python -m pytest

test-all: $(VENV)/installed-test
	$(BIN)/python -m pytest -m "slow or not slow"

check: $(VENV)/installed-check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/installed-check
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

package: | $(BIN)/python
	$(BIN)/python -m pip install --quiet build
	$(BIN)/python -m build

sanitize:
	for kind in address,undefined thread; do \
	  cmake -S native -B build/sanitize-$$kind -DLOOPCAST_SANITIZE=$$kind && \
	  cmake --build build/sanitize-$$kind --target check || exit 1; \
	done

clean:
	rm -rf $(VENV) dist build src/loopcast/native .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# Each stamp is remade when the requirements change.
$(VENV)/installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/installed-%: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable ".[$*]"
	touch $@
