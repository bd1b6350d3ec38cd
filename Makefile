# Two commands matter: `make demo` and `make test`. Both set up from nothing, with Python 3.11+ and make alone.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP_FLAGS ?= -q --disable-pip-version-check
DEMO ?= demo
# `make demo DEMO_CLOUD=azure` (gcp, all), or any of `exclave simulate --list` by DEMO_BREACHES.
DEMO_CLOUD ?= aws
DEMO_BREACHES_aws = snapshot-share-after-leaked-key
DEMO_BREACHES_azure = azure-snapshot-export
DEMO_BREACHES_gcp = gcp-image-share
DEMO_BREACHES_all = $(DEMO_BREACHES_aws) $(DEMO_BREACHES_azure) $(DEMO_BREACHES_gcp)
DEMO_BREACHES ?= $(DEMO_BREACHES_$(DEMO_CLOUD))

.PHONY: demo test test-real setup lint types unit bench docs fuzz clean

demo: $(VENV)/.base ## writes the logs of a breach, hunts them, shows the incident; DEMO_CLOUD=aws, azure, gcp, all
	@test -n "$(DEMO_BREACHES)" || { echo "DEMO_CLOUD is aws, azure, gcp or all"; exit 2; }
	@rm -rf $(DEMO)
	@$(BIN)/exclave simulate $(DEMO) --days 1 --accounts 4 --records 8000 $(DEMO_BREACHES:%=--breach %)
	@echo
	@$(BIN)/exclave hunt $(DEMO)/logs --fail-on never -o $(DEMO)/report.html -o $(DEMO)/report.jsonl
	@echo; echo "The same as a page: file://$(abspath $(DEMO))/report.html"

test: setup lint types unit ## what a change must pass; needs Python alone

test-real: setup ## with emulators, Java, chromium: installs them
	bash .ci/real

setup: $(VENV)/.dev

$(VENV)/.base: pyproject.toml constraints.txt hatch_build.py
	@$(PYTHON) -c 'import sys; sys.exit("exclave needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install $(PIP_FLAGS) -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	$(BIN)/pip install $(PIP_FLAGS) 'pip>=25.1'
	$(BIN)/pip install $(PIP_FLAGS) -c constraints.txt --group dev -e '.[all]'
	@touch $@

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/exclave catalogue lint

types:
	$(BIN)/mypy

unit:
	$(BIN)/pytest -n 2 -m 'not real'

docs: setup ## writes docs/methods, docs/controls and docs/reference, and the README's screen
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/demo.py

bench: setup ## ratios, from one run; BENCH=small for a quick one
	$(BIN)/python bench/run.py $(BENCH)

fuzz: setup
	$(BIN)/python bench/fuzz.py --minutes 60

clean:
	rm -rf $(VENV) $(DEMO) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis bench/data
