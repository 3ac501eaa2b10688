# make demo      install into .venv and forecast the bundled series
# make test      run the tests                     make test-all   the slow ones too
# make check     format, lint, types, import order make format     rewrite the format
# make docs      build the site from docs/, in build/site
# make package   build the sdist and the wheel     make clean      remove what these made
# make bench     time Loopcast beside its peers, each in an environment of its own (several GB)
# make others    try what is for other libraries beside them, each in an environment of its own (1 GB)
# make sanitize  run the kernels under the address, undefined-behaviour and thread sanitizers
# make arm64     build the kernels for 64-bit ARM and run them in an emulator

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test test-all check format docs package bench others sanitize arm64 clean

demo: $(VENV)/installed
	$(BIN)/loopcast forecast examples/air_passengers.csv --horizon 12

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

test-all: $(VENV)/installed-dev
	XLA_FLAGS= $(BIN)/python -m pytest --numprocesses auto --dist loadfile --hypothesis-profile thorough -m "slow or not slow"

check: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/check_sizes.py

format: $(VENV)/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/installed-docs
	$(BIN)/python tools/docs_pages.py build/docs
	$(BIN)/zensical build --clean --strict

package: | $(BIN)/python
	$(BIN)/python -m pip install --quiet build
	$(BIN)/python -m build

PEERS := build/peers
# What each peer is installed from. Keras on JAX runs in Loopcast's own environment.
peer_keras-tf := tensorflow keras
peer_torch := torch numpy
peer_darts := 'darts[torch]'
peer_neuralforecast := torch neuralforecast
peer_river := river
peer_statsforecast := statsforecast
peer_mlflow := mlflow-skinny
peer_sktime := sktime
peer_hierarchicalforecast := hierarchicalforecast

bench: $(VENV)/installed $(foreach peer,keras-tf torch darts neuralforecast,$(PEERS)/$(peer)/installed)
	$(BIN)/python benchmarks/speed.py

others: $(VENV)/installed-dev $(foreach peer,mlflow sktime hierarchicalforecast,$(PEERS)/$(peer)/installed)
	$(BIN)/python -m pytest -m slow tests/others

$(PEERS)/%/installed:
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet $(peer_$*)
	touch $@

sanitize:
	for kind in address,undefined thread; do \
	  cmake -S native -B build/sanitize-$$kind -DLOOPCAST_CHECK=ON -DLOOPCAST_SANITIZE=$$kind && \
	  cmake --build build/sanitize-$$kind --target check || exit 1; \
	done

# The cross compiler's libraries are those that the emulator is to load.
arm64:
	cmake -S native -B build/arm64 -DLOOPCAST_CHECK=ON -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
	  -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ \
	  "-DCMAKE_CROSSCOMPILING_EMULATOR=qemu-aarch64;-L;/usr/aarch64-linux-gnu"
	cmake --build build/arm64 --target check

clean:
	rm -rf $(VENV) dist build src/loopcast/native .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# Each stamp is remade when the requirements change.
# Python compiles a file to bytecode when it is first imported; pip would compile all files of all libraries. Not for tests,
# in which what some libraries' files warn of when they are compiled would be an error.
$(VENV)/installed: export PIP_NO_COMPILE := no
$(VENV)/installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/installed-%: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable ".[$*]"
	touch $@
