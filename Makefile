PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: build
build:
	$(BIN)/python setup.py -q build_ext --inplace

.PHONY: conformance
conformance: build
	$(BIN)/python scripts/conformance.py --jobs 2
