PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help environment setup run test lint types eval eval-check eval-speed eval-scale clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk 'BEGIN {FS = ":.*## "} {printf "  make %-12s %s\n", $$1, $$2}'

environment:
	@test -n "$(PYTHON)" || { echo "需要 Python 3.11，没有找到。请安装 python3.11，或用 make PYTHON=/path/to/python3.11 指定。" >&2; exit 1; }
	@$(PYTHON) bot/bootstrap.py

setup: environment ## Install everything, build encoder, index and dialogue model
	@$(BIN)/wenjin setup

run: environment ## Set up what is missing and serve on 127.0.0.1:8000
	@$(BIN)/wenjin run

test: setup ## Run all tests
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile

lint: environment ## Check style and the one-way imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: environment ## Check types
	$(BIN)/mypy

eval: setup ## Measure everything beside its baselines and write one report (slow: trains stock Rasa)
	@$(BIN)/wenjin eval all

eval-check: setup ## Measure what needs no clock and fail where something got worse than eval/reference.json
	@$(BIN)/wenjin eval check

eval-speed: setup ## Measure a warm FAQ turn over HTTP beside its baseline
	@$(BIN)/wenjin eval speed

eval-scale: setup ## Measure search among 100,000 passages
	@$(BIN)/wenjin eval scale

clean: ## Remove what was built; data in .wenjin stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
