# make run, make test and make check are the whole interface; .venv is made on first use.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help setup run dev test check docs benchmark clean

help:  ## Show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(READY): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

setup: $(READY)  ## Create .venv with the pinned dependencies

run: $(READY)  ## Run the whole pipeline on the synthetic sample world and publish it
	$(BIN)/s3etl run --from sample --channel sample --publish

dev: $(READY)  ## Show the asset graph in the browser (http://localhost:3000)
	$(BIN)/s3etl dev

test: $(READY)  ## Run every test: two at a time, but for speeds
	$(BIN)/python -m pytest -n 2 --dist loadfile -m 'not benchmark'
	$(BIN)/python -m pytest -m benchmark

check: $(READY)  ## What CI runs: lint, types, imports, generated files, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pipelines.docs --check
	$(MAKE) test

docs: $(READY)  ## Write the generated reference pages and schemas anew
	$(BIN)/python -m pipelines.docs

benchmark: $(READY)  ## Compare speeds side by side
	$(BIN)/python -m pytest tests/benchmarks -m benchmark -s

clean:  ## Remove .venv and all state
	rm -rf .venv var build *.egg-info
