# Wrappers around plain Snakemake and pytest; `make help` lists them.
SHELL := /bin/bash
VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= python3
STUDY ?= config.yaml
CORES ?= all
# A file's tests stay together, for the fixtures they share; tests/conftest.py says which file begins.
WORKERS = -n 2 --dist loadfile --no-loadscope-reorder
export PATH := $(abspath $(BIN)):$(PATH)

.PHONY: help demo plan queue test test-fast test-slurm lint format clean environment

help:  ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Two steps, because torch is pinned before anything that depends on it can choose another build. Older pip builds what has
# no wheel (seqeval) in a way that newer build tools no longer support, unless told otherwise.
$(VENV)/.ready: envs/requirements.txt envs/requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "xstilts needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r envs/requirements-torch.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --use-pep517 -r envs/requirements.txt -r envs/requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

environment: $(VENV)/.ready  ## set up .venv

demo: environment  ## run the default study to its report
	snakemake --cores $(CORES) --configfile $(STUDY)
	@echo "report: $$(xstilts path report $(STUDY))"

plan: environment  ## what would run, why, and what it costs
	xstilts plan $(STUDY)

queue:  ## what your jobs on the cluster are
	squeue --me --format "%.10i %.9P %.9T %.10M %.10l %.20R %k"

test: environment  ## all tests, except those on SLURM
	python -m pytest $(WORKERS) -m "not slurm"

test-fast: environment  ## without the slow ones
	python -m pytest $(WORKERS) -m "not slow and not slurm"

test-slurm: environment  ## a study on a real SLURM, started on this machine (root, Debian)
	.ci/slurm-packages
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r envs/requirements-slurm.txt
	python -m pytest -m slurm tests/slurm

lint: environment  ## style, types, workflow
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile workflow/Snakefile rules
	mypy
	.ci/lint-workflow

format: environment  ## rewrite to style
	ruff check --fix .
	ruff format .
	snakefmt Snakefile workflow/Snakefile rules

clean:  ## remove results and caches, keep the environment
	rm -rf results .snakemake .pytest_cache .hypothesis .mypy_cache .ruff_cache
