# `make demo` and `make test` are all that a newcomer needs; everything they use is made below .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
# What would else be compiled at every start: modules (where writing bytecode is off) and the report's templates.
READY := $(BIN)/python -m compileall -q src && $(BIN)/python -m interlock.report.html.environment
CAPTURES := demo/normal-shift.pcapng demo/engineering.pcap demo/incident.pcap.gz

.PHONY: beside beside-random help demo plant test lint unit oracle build install conformance drill-blind kernel bench fuzz soak wheel bundle docs picture sbom lock system clean

help: ## say what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ -/'

$(VENV)/pyvenv.cfg:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/pyvenv.cfg requirements/build.txt requirements/runtime.txt requirements/compiler.txt setup.py pyproject.toml
	@echo "installing the locked dependencies and building (a minute or two) ..."
	@# pip would compile to bytecode what no one imports (test suites), and in one process
	$(INSTALL) --no-compile -r requirements/build.txt -r requirements/runtime.txt
	@$(BIN)/python -m compileall -qq -j 0 -x 'site-packages/.*/tests?/' $(VENV)/lib || true
	command -v cc >/dev/null || command -v gcc >/dev/null || command -v clang >/dev/null || $(INSTALL) -r requirements/compiler.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	$(READY)
	@touch $@

$(VENV)/.tests: $(VENV)/.installed requirements/plant.txt requirements/test.txt requirements/sbom.txt
	$(INSTALL) -r requirements/plant.txt
	$(INSTALL) -r requirements/test.txt
	$(INSTALL) -r requirements/sbom.txt
	@touch $@

install: $(VENV)/.installed ## the program, into .venv

build: $(VENV)/.installed ## compile what changed, in place
	$(BIN)/python setup.py -q build_ext --inplace
	$(READY)

demo: $(VENV)/.installed ## analyze the captures that ship here and say where the report lies
	$(BIN)/interlock analyze $(CAPTURES) --out demo-out
	@echo
	@echo "The report: $(CURDIR)/demo-out/report.html"

plant: $(VENV)/.installed requirements/plant.txt ## what the living practice plant needs
	$(INSTALL) -r requirements/plant.txt

system: ## programs that tests use where they are there (needs root and apt)
	sh scripts/system_packages.sh

lint: $(VENV)/.tests ## style, types, and who may import whom
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

unit: $(VENV)/.tests build ## the tests alone
	@# one more than processors: many tests wait for processes that they started
	$(BIN)/python -m pytest -n $$(($$(nproc) + 1)) --dist worksteal

oracle: $(VENV)/.tests build ## the same decoders uncompiled, with coverage (slow)
	INTERLOCK_UNCOMPILED=1 $(BIN)/python scripts/coverage_floor.py

test: system lint unit ## all that CI runs

conformance: build ## compare with independent decoders over real captures
	$(BIN)/python scripts/conformance.py --jobs 2 --record
	$(BIN)/python scripts/conformance_fields.py
	$(BIN)/python scripts/conformance_baselines.py
	$(BIN)/python scripts/confusion.py
	$(BIN)/python scripts/attacks.py --harmless --record
	[ "$$(id -u)" != 0 ] || $(BIN)/python scripts/compare_plant.py # namespaces need root

SURICATA_ROOT ?= build/suricata
beside: $(VENV)/.tests build ## a real Suricata beside us: the same rules, the same captures (needs root)
	sh scripts/suricata_root.sh $(SURICATA_ROOT)
	$(BIN)/python scripts/suricata_beside.py --root $(SURICATA_ROOT) --list
	for way in whole cut missed; do $(BIN)/python scripts/suricata_beside.py --root $(SURICATA_ROOT) --made $$way || exit 1; done

SEED ?= 1
beside-random: $(VENV)/.tests build ## random rules and traffic, both of them, what differs cut down to its cause (needs root)
	sh scripts/suricata_root.sh $(SURICATA_ROOT)
	$(BIN)/python scripts/suricata_beside.py --root $(SURICATA_ROOT) --made random --seed $(SEED)

drill-blind: build ## attacks whose particulars are drawn anew, before our own judgement
	$(BIN)/python scripts/drill_blind.py

kernel: build ## replay against the real enforcement: policies in force in network namespaces (needs root)
	$(BIN)/python -m interlock.bench.kernel

bench: build ## speed and memory against goals and peers
	$(BIN)/python scripts/bench.py

fuzz: build ## mutants of real captures, coverage-guided fuzzing, and signatures
	$(INSTALL) -r requirements/test.txt
	$(INSTALL) -r requirements/fuzz.txt || echo "atheris cannot be installed here: coverage-guided fuzzing is skipped"
	$(BIN)/python scripts/fuzz.py --jobs 2 --guided 60 --signatures 60 --record

SOAK_SECONDS ?= 600
soak: $(VENV)/.tests build ## the real sensor under attack, faults at random, for SOAK_SECONDS (needs root)
	$(BIN)/python scripts/soak.py --seconds $(SOAK_SECONDS) --record

wheel: $(VENV)/.installed ## one wheel in dist/
	sh scripts/wheel.sh $(BIN)

bundle: wheel ## one archive that installs on a machine without any network
	sh scripts/bundle.sh $(BIN)

sbom: $(VENV)/.tests ## CycloneDX bill of materials from the locks
	$(BIN)/python scripts/sbom.py

picture: demo ## the picture in README.md, of the report of the demonstration (needs chromium)
	chromium --headless --no-sandbox --hide-scrollbars --window-size=1280,857 \
		--screenshot=docs/pictures/report.png file://$(CURDIR)/demo-out/report.html 2>/dev/null

docs: build ## documents that are made from the code
	$(BIN)/python scripts/make_docs.py

lock: $(VENV)/.tests ## lock every requirement anew
	$(INSTALL) -r requirements/lock.txt
	sh scripts/lock.sh $(BIN)

clean: ## remove what was built here, but the environment
	rm -rf build dist demo-out .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src -name '*.so' -delete
