# SPDX-License-Identifier: MIT
# Everything starts from a bare machine with git, make and Python 3.11 or newer.

PYTHON ?= python3
BIN := .venv/bin
PACKAGES := goop_node $(wildcard plugins/*/src)
# Tests at a time: one more than there are cores on small machines, since many tests wait.
JOBS ?= 3

.PHONY: demo test lint python scripts soak bench docs wheels clean tools

demo: ## two nodes on this machine, Alice and Bob
	@$(PYTHON) scripts/bootstrap.py
	@$(BIN)/goop demo

test: lint ## everything that is checked, JOBS tests at a time; pytest comes last
	$(BIN)/python -m compileall -q $(PACKAGES) # once for all processes, whatever the environment says
	$(BIN)/pytest --numprocesses $(JOBS) --dist worksteal

lint: tools ## style, types, and the page SDK's types and tests
	@$(MAKE) --no-print-directory --jobs 2 python scripts

python:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict $(PACKAGES)

scripts:
	scripts/check_js.sh

soak: tools ## the long runs: Autobahn's cases, an hour of attacks, an hour among Goop² peers, a thousand faults, hosts that go, whole games, the simulator
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[soak]'
	$(BIN)/pytest -m soak --timeout 0
	$(BIN)/pytest tests/unit/test_simulation.py --seeds 0:100000 --timeout 0
	$(BIN)/pytest tests/unit/test_rooms_simulation.py --room-seeds 0:100000 --timeout 0

bench: tools ## latency, rates and what a node takes, beside a bare relay
	$(BIN)/python -m benchmarks.bench

docs: ## the documents as a static site, into dist/docs
	@$(PYTHON) scripts/bootstrap.py
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going --fresh-env -c docs . dist/docs

wheels: tools ## every distribution, into dist/
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist . $(dir $(wildcard plugins/*/pyproject.toml))

clean: ## remove what make made
	rm -rf .venv dist build js/node_modules tests/interop/js/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

tools:
	@$(PYTHON) scripts/bootstrap.py --test
