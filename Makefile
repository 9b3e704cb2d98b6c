# Each target sets up what it needs; all that must be there is make and a Python from 3.11 on.
BIN := .venv/bin
# What `make faults` does: kinds of deployments, faults, `one` or `three` servers, `part=1/3`; empty: all of it.
ONLY ?=
# Where `make demo` keeps what it deploys; empty: where webduh keeps everything else.
WEBDUH_HOME ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check format reference pictures bench faults testbed testbed-down clean

help: ## Say what can be made.
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: ## Deploy the examples on this machine, and open the console.
	@tools/venv.sh run
	@$(BIN)/webduh demo
	@if [ -t 0 ] && [ -t 2 ]; then $(BIN)/webduh; else $(BIN)/webduh status; fi
	@echo "The examples go on running. To stop them: $(BIN)/webduh target stop local"

test: ## Run every test; nothing is left running.
	@tools/venv.sh dev
	@$(BIN)/python tools/run_tests.py

check: ## Check style, types, floors, and that reference and pictures are up to date.
	@tools/venv.sh dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	MYPYPATH=tests/console:tests/support:tests/testbed $(BIN)/mypy tools bench
	$(BIN)/lint-imports
	$(BIN)/python tools/reference.py --check
	$(BIN)/python tools/pictures.py --check

format: ## Bring the code into its style.
	@tools/venv.sh dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

reference: ## Write docs/reference anew from the code.
	@tools/venv.sh dev
	$(BIN)/python tools/reference.py

pictures: ## Take the pictures in docs/pictures anew from the real console.
	@tools/venv.sh dev
	$(BIN)/python tools/pictures.py

bench: ## Print the figures that matter, measured here and now (2 min).
	@tools/venv.sh dev
	@$(BIN)/python -m bench

faults: ## Do every fault after every line of a deployment, and print what came of it (root, Docker; hours).
	@tools/venv.sh dev
	@PYTHONPATH=tests/support $(BIN)/python tests/testbed/all_faults.py $(ONLY)

testbed: ## Raise servers to deploy to, for use by hand (root, Docker; 15 s, the first time 2 min).
	@tools/venv.sh dev
	@$(BIN)/python tests/testbed/up.py

testbed-down: ## Take the servers away; what they are made of is kept.
	@tools/venv.sh dev
	@$(BIN)/python tests/testbed/up.py down

clean: ## Remove what was made here: .venv, caches, built packages.
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache build dist snapshot_report.html
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
