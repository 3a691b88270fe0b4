# Everything a fresh clone needs: Python 3.11 or newer, make, and a package index.
# `make help` lists what there is.

PYTHON ?= $(firstword $(foreach name,python3.13 python3.12 python3.11 python3,$(shell \
	command -v $(name) >/dev/null 2>&1 \
	&& $(name) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
	&& echo $(name))))
VENV := .venv
RUN := $(VENV)/bin/python
UV := $(VENV)/bin/uv
STAMP := $(VENV)/.made
WORKERS ?= 2

# It makes every Airflow process compile all it imports again: 9 s instead of 3 s to start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help env check lint test demo up down bot sample gallery requirements clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

env: $(STAMP) ## the environment in .venv, with the `relance` command in it

$(STAMP): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed; name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(RUN) || "$(PYTHON)" -m venv $(VENV)
	@test -x $(UV) || $(RUN) -m pip install --quiet --disable-pip-version-check uv
	$(UV) pip sync --quiet --compile-bytecode --python $(RUN) requirements.txt
	$(UV) pip install --quiet --no-deps --python $(RUN) --editable .
	@touch $@

lint: env
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy plugins dags bot scripts
	$(VENV)/bin/lint-imports

check: lint ## style, types, import contracts and the fast tests: before each commit
	$(RUN) -m pytest tests/unit -m "not slow"

test: lint ## everything that must hold (WORKERS=4 for more processes at once)
	$(RUN) -m pytest --numprocesses $(WORKERS) --dist loadfile

demo: env ## one working day of two sample entities through the real DAGs
	@$(RUN) -m relance.orchestration.demo

up: env ## Airflow's UI, scheduler, DAGs and plugin on this machine
	@$(RUN) -m relance.orchestration.serve up

down: ## stops what `make up` and `make demo` started
	@test ! -x $(RUN) || $(RUN) -m relance.orchestration.serve down

bot: env ## listens to Slack: Socket Mode with RELANCE_SLACK_APP_TOKEN, else HTTP with RELANCE_SLACK_SIGNING_SECRET
	@$(RUN) -m bot

sample: env ## makes include/sample anew, byte for byte
	$(RUN) scripts/make_sample.py

gallery: env ## draws all templates into .relance/gallery, and what Slack shows into docs/slack, for review
	$(RUN) scripts/gallery.py
	$(RUN) scripts/slack_gallery.py

requirements: env ## pins anew from pyproject.toml (UPGRADE=--upgrade for newer versions)
	$(UV) pip compile pyproject.toml --extra airflow --group dev --universal --python-version 3.11 \
		--no-emit-index-url --quiet $(UPGRADE) --custom-compile-command "make requirements" -o requirements.txt

clean: down ## removes the environment and all local state
	rm -rf $(VENV) .relance .airflow .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
