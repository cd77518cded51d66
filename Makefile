# Two commands for a newcomer: `make up` and `make test`. The rest is for working on it.
.DEFAULT_GOAL := help
# A shell that keeps Python from keeping what it compiled makes every program start twice as slowly.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help up down test test-fast lint format lock contracts web bench airflow install install-dev install-tools
BIN := .venv/bin
FAST_TESTS := tests/unit tests/contract tests/architecture

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: install ## Install, start the platform with a simulated market, load the demo book
	@$(BIN)/tapeline up

down: ## Stop the platform; data stays
	@if [ -x $(BIN)/tapeline ]; then $(BIN)/tapeline down; fi

test: install-dev ## Every check and every test
	@$(MAKE) --no-print-directory -j 2 -O lint install-tools
	@$(BIN)/python -m pytest -n 2 $(FAST_TESTS)
	@$(BIN)/python -m pytest -n 3 --dist loadfile --durations 15 tests/integration
	@$(BIN)/python -m pytest --durations 15 tests/e2e

test-fast: install-dev ## Unit, contract and architecture tests: about a minute
	@$(BIN)/python -m pytest -q -n 2 $(FAST_TESTS)

lint: install-dev ## Style, types, who may import whom
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo "fix: make format"; exit 1; }
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/basedpyright

format: install-dev ## Put the code into shape
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format --quiet .

lock: install-dev ## Write locks/*.txt and the Java libraries' lock anew from their .in files
	@scripts/lock

contracts: install-dev ## Write the generated code and pages of contracts/ anew
	@$(BIN)/python -m contract_tools

web: ## Build the dashboard from services/api-gateway/web (needs node and npm)
	@cd services/api-gateway/web && npm ci --no-audit --no-fund && npm run build

bench: install-dev ## Measure the paths of the design's table; prints medians and the machine
	@$(BIN)/python -m bench

airflow: ## A local Airflow that schedules the platform, until Ctrl-C; see docs/how-to/airflow.md
	@scripts/airflow

install: ## Everything the platform runs on, into .venv
	@scripts/install app

install-dev: ## The same and what tests and checks need
	@scripts/install dev

# Environments of their own, made before the tests that share them run side by side.
install-tools:
	@for tool in dbt dbt-adapters airflow; do scripts/install $$tool || exit 1; done
