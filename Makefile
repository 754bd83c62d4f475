# make run      the whole system on this machine, with simulated callers and agents; Ctrl-C ends it
# make test     everything that is checked: set-up, lint, types, tests
# make faults   every fault as often as is promised, then an hour of random ones (make test has a short form of it)
# make proof    campaigns over two thousand telephones, and a thousand kills while they dial (make test has a short form)
# make bench    the measurements of docs/benchmarks.md; make bench-long runs its longest for ten minutes
# make setup    what run needs, without starting anything; every later call takes a second
SHELL := /bin/sh
PYTHON := .venv/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test faults proof bench bench-long setup setup-test lint types pytest web-check transcripts pictures clean

run: setup
	$(PYTHON) -m cti demo

test: setup-test lint types web-check pytest

faults: setup-test
	CTI_FAULTS=full $(PYTHON) -m pytest tests/faults tests/e2e/test_every_shape.py tests/integration/recorder/test_recorder.py

proof: setup-test
	CTI_FAULTS=full $(PYTHON) -m pytest tests/e2e/test_campaign_two_thousand.py tests/faults/test_dialling_kills.py

bench: setup-test
	$(PYTHON) -m bench

# Ten minutes of 15,000 events a second, for each of the two streams; some 12 GB on disk meanwhile.
bench-long: setup-test
	$(PYTHON) -m bench --seconds 600 sustained

setup:
	@setup/packages.sh run
	@setup/python.sh
	@setup/web.sh
	@setup/asterisk.sh
	@setup/prompts.sh

setup-test:
	@setup/packages.sh run test
	@setup/python.sh
	@setup/web.sh
	@setup/asterisk.sh
	@setup/prompts.sh

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:
	$(PYTHON) -m mypy

web-check:
	@setup/web.sh check

pytest:
	$(PYTHON) -m pytest tests/unit
	$(PYTHON) -m tests.side_by_side

# The recorded real calls of tests/transcripts, made anew.
transcripts: setup
	$(PYTHON) -m cti.simulation.record

# docs/calls.md and its pictures, drawn from the transcripts.
pictures:
	$(PYTHON) -m cti.simulation.draw

clean:
	rm -rf .venv web/node_modules web/dist .mypy_cache .pytest_cache .ruff_cache
