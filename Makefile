# Every target does its own set-up in .venv; nothing outside this folder is touched, except that `make test` and
# `make demo` install the Debian packages they need when run as root (else the skipped test names the command).
#
#   make demo [ARGS="--once --json"]   the product at work: first sale within two minutes of the clone
#   make test                          the quick tier of everything (15 minutes on two cores)
#   make check                         what must be green before a commit (one minute)

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
SEED ?=
TEST_PACKAGES := chromium socat strace gcc libc6-dev spin tesseract-ocr cups snmp nsis wixl msitools $(if $(shell command -v npm),,nodejs npm)
PIP := $(BIN)/python -m pip --disable-pip-version-check

RUNTIME := $(VENV)/.runtime-installed
DEVELOPMENT := $(VENV)/.development-installed
PAGE_TOOLS := node_modules/.installed

# Tests that start real processes, servers or a browser wait for conditions, never for the clock: two run at a time.
UNIT := not slow and not real and not browser
# Property tests look for a lie for as long as they are given: `make check` leaves them to `make test`.
FAST := $(UNIT) and not hypothesis
REAL := not slow and (real or browser)

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast test-unit test-real check static bench soak lock changelog package packages

help:
	@sed -n '1,/^$$/ s/^# \{0,1\}//p' Makefile

setup: $(DEVELOPMENT)

demo: $(RUNTIME)
	@$(BIN)/tillstream demo $(ARGS)

test: packages
	$(MAKE) $(DEVELOPMENT) $(PAGE_TOOLS)
	@.ci/emupos
	@$(MAKE) --no-print-directory --keep-going test-unit test-real

# What fails is asked once more, alone, and must then hold: a busy machine is no defect of ours, what fails twice is
# (decision 25). Both failures stay in the report; hypothesis plays the example again that it has found.
define twice
	$(1) || { echo "$@: once more what failed; what fails twice is broken, what fails once is to be mended"; \
		$(1) -n 0 --last-failed --last-failed-no-failures none; }
endef

test-unit: $(DEVELOPMENT)
	$(call twice,$(BIN)/pytest -n 2 --dist worksteal -q -m "$(UNIT)")

test-real: $(DEVELOPMENT)
	$(call twice,$(BIN)/pytest -n 2 --dist worksteal -q --durations 12 --durations-min 8 -m "$(REAL)")

check: static test-fast

test-fast: $(DEVELOPMENT)
	$(BIN)/pytest -n 2 --dist worksteal -q -m "$(FAST)"

static: $(DEVELOPMENT) $(PAGE_TOOLS)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(DEVELOPMENT)
	$(BIN)/python benchmarks $(ARGS)

package: $(RUNTIME)
	$(PIP) install -q --no-compile --require-hashes -r requirements-package.lock
	$(BIN)/python installer/build.py deb
	$(BIN)/python installer/build.py sbom

soak: packages $(DEVELOPMENT)
	$(BIN)/python tests/long_tier.py $(if $(SEED),--seed $(SEED)) $(ARGS)

# Locks are made for every supported Python and system at once; they carry hashes and no addresses.
lock: $(DEVELOPMENT)
	$(PIP) install -q uv
	$(BIN)/python -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --upgrade --group build -o requirements-build.lock
	$(BIN)/python -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --upgrade pyproject.toml -o requirements.lock
	$(BIN)/python -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --upgrade --group dev -c requirements.lock -o requirements-dev.lock
	$(BIN)/python -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --upgrade --group package -o requirements-package.lock

changelog: $(DEVELOPMENT)
	$(BIN)/towncrier build --yes --version $(VERSION)

packages:
	@.ci/debian-packages $(TEST_PACKAGES)

$(BIN)/python:
	@.ci/make-venv $(VENV)

$(RUNTIME): requirements-build.lock requirements.lock pyproject.toml | $(BIN)/python
	@echo "installing what runs into $(VENV) (once; nothing for tests)" >&2
	@$(PIP) install -q --no-compile --require-hashes -r requirements-build.lock -r requirements.lock
	@$(PIP) install -q --no-deps --no-build-isolation -e .
	@$(BIN)/python -m agent.compiled_ahead $(VENV)/tillstream-compiled.bin >/dev/null
	@touch $@

$(DEVELOPMENT): $(RUNTIME) requirements-dev.lock
	@echo "installing what tests into $(VENV) (once)" >&2
	@$(PIP) install -q --no-compile --require-hashes -r requirements-dev.lock
	@touch $@

# Type checker and accessibility rules for the pages; the pages themselves ship nothing of them.
$(PAGE_TOOLS): package.json package-lock.json
	@if command -v npm >/dev/null; then npm ci --no-audit --no-fund --loglevel=error && touch $@; \
	else echo "no npm: tests of the pages' types and accessibility are skipped; fix: sudo apt-get install npm"; fi
