# Everything runs in .venv. Needs only make, Python 3.11 or newer with venv, and a network to the package registries.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
STAMP := $(VENV)/.skustream-stamp
ARGS ?=

.PHONY: demo test check lint bench schemas lock manifest setup clean help

demo: setup ## bring the stack up, sell real baskets, show that the stock is right; ARGS="--orders 500"
	$(BIN)/skustream demo $(ARGS)

# the stories of tests/e2e come last and alone: they need the whole stack, and all of two cores
test: setup ## all tests, on the embedded stack (a bit more than ten minutes on two cores)
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --ignore tests/e2e $(ARGS)
	$(BIN)/python -m pytest -q tests/e2e $(ARGS)

check: lint ## the fast part: lint, types, layers, unit, contract and property tests
	$(BIN)/python -m pytest -q -n 2 $(wildcard tests/unit tests/contract tests/property tests/architecture) $(ARGS)

lint: setup ## ruff, mypy, layers
	$(BIN)/ruff check .
	$(BIN)/mypy schemas streams connectors infra
	$(BIN)/lint-imports

bench: setup ## how many commands a second the stock agent does
	$(BIN)/python -m tests.bench $(ARGS)

schemas: setup ## make the generated files of schemas/ anew
	$(BIN)/python -m schemas.generate

manifest: setup ## resolve and hash all jars anew
	$(BIN)/python -m infra.local.manifest

lock: ## resolve the Python packages anew
	$(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra local --extra dev \
	  pyproject.toml -o requirements.lock $(ARGS)

setup: $(STAMP) ## make the environment, once for each lock file

# uv comes from the lock, by its hash; the project itself is a .pth and a script, so that nothing has to be built
$(STAMP): requirements.lock pyproject.toml infra/install.py
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python infra/install.py requirements.lock
	@touch $@

clean: ## stop the stack and remove what was made here (the download cache stays)
	@test ! -x $(BIN)/skustream || $(BIN)/skustream down
	rm -rf $(VENV) .skustream build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12
