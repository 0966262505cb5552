.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DATA ?=
ARGS ?=
NOT_FAST := end_to_end docs commands storage datasets video weights config test_api.py test_golden_yowo.py
DOCS := 'mkdocs' 'mkdocs-material' 'mkdocstrings[python]'

.PHONY: help setup demo test test-all test-fast mutants lint docs train-ucf train-ava clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(STAMP)  ## install into .venv, exact tested versions

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
		echo "$(PYTHON) is too old: Python 3.10 or newer is needed, as in: make $(MAKECMDGOALS) PYTHON=python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $(STAMP)

demo: $(STAMP)  ## generate videos, train, evaluate, detect: results in runs/demo
	$(BIN)/yowo demo $(ARGS)

test: $(STAMP)  ## run the tests
	$(BIN)/python -m pytest $(ARGS)

test-all: $(STAMP)  ## run the tests, those that take minutes too
	$(BIN)/python -m pytest -m '' $(ARGS)

test-fast: $(STAMP)  ## run the quick tests, for daily work: not whole commands, video files, data sets, large networks
	$(BIN)/python -m pytest -m 'not long and not slow and not end_to_end' $(NOT_FAST:%=--ignore=tests/%) $(ARGS)

mutants: $(STAMP)  ## check the tests: each of many wrong changes must make one fail (ARGS: words of their names)
	$(BIN)/python scripts/mutants.py $(ARGS)

lint: $(STAMP)  ## ruff and mypy
	$(BIN)/ruff check yowo tests scripts benchmarks
	$(BIN)/ruff format --check yowo tests scripts benchmarks
	$(BIN)/mypy

docs: $(VENV)/.docs-installed  ## build the site with the API reference into site/
	NO_MKDOCS_2_WARNING=1 $(VENV)/docs/bin/mkdocs build --strict

$(VENV)/.docs-installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)/docs
	$(VENV)/docs/bin/python -m pip install --quiet --constraint constraints.txt $(DOCS)
	@touch $@

train-ucf: $(STAMP)  ## train YOWO-Plus on UCF101-24 on every GPU found: make train-ucf DATA=DIR
	$(BIN)/yowo train experiment=yowo_plus_ucf24 $(if $(DATA),dataset.root='$(DATA)') $(ARGS)

train-ava: $(STAMP)  ## train YOWO-Plus on AVA v2.2 on every GPU found: make train-ava DATA=DIR
	$(BIN)/yowo train experiment=yowo_plus_ava_k16 $(if $(DATA),dataset.root='$(DATA)') $(ARGS)

clean:  ## delete caches and the virtual environment, not runs/
	rm -rf $(VENV) site .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
