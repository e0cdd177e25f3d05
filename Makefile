# The two commands that a newcomer needs, and what they rest on. Each does its own set-up, once.
# What stands behind ## is what `make` alone says of a target.

PYTHON ?= python3
CORES ?= $(shell nproc 2>/dev/null || echo 2)
VENV := .venv
BIN := $(VENV)/bin
# A core for each file of tests, the files in the order in which they are found.
SIDE_BY_SIDE = $(BIN)/python -m pytest --numprocesses $(CORES) --dist loadfile --no-loadscope-reorder
INSTALLED := $(VENV)/installed

.PHONY: help demo check test test-cluster lint doctor fault-report clean-checkpoints clean

help:  ## say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(INSTALLED)  ## run the whole workflow on the data in demo/
	@$(BIN)/python workflow/scripts/unlock.py demo
	@SNAKEMAKE_LOGGER_SWATCHBOOK_AGAIN="make demo" \
	    $(BIN)/snakemake --directory demo --cores $(CORES) --rerun-incomplete

check: lint  ## in a minute: lint, and run the unit tests that start no process
	@$(SIDE_BY_SIDE) --no-processes -rfE tests/unit

test: $(INSTALLED)  ## run all tests
	@$(SIDE_BY_SIDE)

test-cluster: $(INSTALLED)  ## run the tests on a SLURM cluster of four nodes, started here for them
	@$(BIN)/python -m pytest tests/cluster

doctor: $(INSTALLED)  ## print versions, devices and what a training here would choose, and why
	@$(BIN)/python workflow/scripts/doctor.py

lint: $(INSTALLED)  ## check style and the workflow's structure
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@PYTHONPATH=workflow/scripts $(BIN)/lint-imports --no-cache --no-logo
	@$(BIN)/snakefmt --check Snakefile workflow
	@$(BIN)/snakemake --lint

fault-report: $(INSTALLED)  ## make the faults happen and write what was seen into docs/faults.md
	@$(BIN)/python tests/faults/write_report.py docs/faults.md

clean-checkpoints:  ## remove what interrupted trainings would go on from
	rm -rf checkpoints demo/checkpoints

clean: clean-checkpoints  ## remove the demo's results
	rm -rf demo/results demo/logs demo/.snakemake

$(INSTALLED): pyproject.toml constraints.txt terminal/pyproject.toml
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info < (3, 14); \
	    sys.exit(None if ok else f"Python 3.11 to 3.13 is needed, not {sys.version.split()[0]}: \
	try make PYTHON=python3.13 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --constraint constraints.txt --editable ".[aws,cluster,dev,s3]" --editable terminal
	@touch $@
