# Innovation Ecosystem Simulator. `make run` opens the dashboard, `make test` runs the tests; each sets
# everything up first. `make help` lists the rest. Another interpreter: make install PYTHON=/path/to/python

VENV  := .venv
BENCH := .venv-bench
STAMP := $(VENV)/.installed
WARM  := $(VENV)/.warmed

# Compiled functions are cached by source file: warm again only when a source changed.
SOURCES := $(wildcard ecosystem/*.py ecosystem/*/*.py ecosystem/*/*/*.py agents/*.py agents/*/*.py policies/*.py policies/*/*.py)

# Prints the path of a Python that can run the simulator, or says in one paragraph what to do. Every
# candidate is run before it is believed: a command of the right name may be a shim for a version that
# is not there. numba decides the newest version.
define FIND_PYTHON
probe='
import sys
if not (3, 12) <= sys.version_info[:2] <= (3, 15):
    sys.exit(1)
import ensurepip, venv
print(sys.executable)
'
if [ -n "$$PYTHON" ]; then
    "$$PYTHON" -c "$$probe" 2>/dev/null && exit 0
    echo "PYTHON=$$PYTHON cannot run the simulator: it must be Python 3.12 to 3.15 with the modules venv and ensurepip (on Debian and Ubuntu the package python3-venv). Without PYTHON=, make looks for one itself." >&2
    exit 2
fi
pyenv="$${PYENV_ROOT:-$$HOME/.pyenv}/versions"
for candidate in python3.13 python3.12 python3.14 python3.15 python3 python \
    "$$pyenv"/3.13*/bin/python3 "$$pyenv"/3.12*/bin/python3 "$$pyenv"/3.14*/bin/python3 "$$pyenv"/3.15*/bin/python3; do
    "$$candidate" -c "$$probe" 2>/dev/null && exit 0
done
found="$$(python3 --version 2>&1)" || found="nothing that works"
echo "No usable Python was found. The simulator needs Python 3.12 to 3.15 with the modules venv and ensurepip; the command python3 here answers: $$found. Install one (from python.org, with 'pyenv install 3.13', or from your system's packages; on Debian and Ubuntu python3-venv too) and run make again, or name one: make install PYTHON=/path/to/python3.13" >&2
exit 2
endef
export FIND_PYTHON PYTHON

.DEFAULT_GOAL := help
.PHONY: help install run test check bench science screenshots clean

help:
	@echo "make install      set up $(VENV) with the locked dependencies and compile the fast loops"
	@echo "make run          set up, then open the dashboard in a browser"
	@echo "make test         set up, then checks, tests, and tests in a real Chromium"
	@echo "make check        ruff (lint and format), mypy, import-linter"
	@echo "make science      stylised facts and natural experiments (minutes)"
	@echo "make bench        speed and memory, beside peers in $(BENCH)"
	@echo "make screenshots  pictures of every page of the dashboard"
	@echo "make clean        remove the environments and all caches (results/ stays)"

install: $(WARM)
	@:

$(STAMP): pyproject.toml constraints.txt
	@set -e; \
	if [ -x $(VENV)/bin/python ] && $(VENV)/bin/python -c 'import sys; sys.exit(not (3, 12) <= sys.version_info[:2] <= (3, 15))' 2>/dev/null; then :; else \
		python="$$(sh -c "$$FIND_PYTHON")"; \
		echo "Setting up $(VENV) with $$("$$python" --version)"; \
		rm -rf $(VENV); \
		"$$python" -m venv $(VENV); \
	fi; \
	echo "Installing the locked dependencies (a few minutes the first time)"; \
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

$(WARM): $(STAMP) $(SOURCES)
	@if [ -e ecosystem/kernel/warm.py ]; then $(VENV)/bin/python -m ecosystem.kernel.warm; fi
	@touch $@

run: install
	$(VENV)/bin/ecosystem app

check: install
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

# Browser tests run one after another: each drives a server and a Chromium of its own.
test: install check
	$(VENV)/bin/python -m pytest -n 2 -m "not browser and not science and not bench"
	@set -e; \
	for file in tests/browser/test_*.py; do \
		if [ -e "$$file" ]; then \
			echo "$(VENV)/bin/python -m pytest -m browser tests/browser"; \
			$(VENV)/bin/python -m pytest -m browser tests/browser; \
		fi; \
		break; \
	done

science: install
	$(VENV)/bin/python -m pytest -m science tests/science
	$(VENV)/bin/python -m ecosystem.lab.emergence

$(BENCH)/.installed: $(STAMP) constraints-bench.txt
	@set -e; \
	if [ ! -x $(BENCH)/bin/python ]; then $(VENV)/bin/python -m venv $(BENCH); fi; \
	echo "Setting up $(BENCH) with the peers to measure against"; \
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-bench.txt -e '.[bench]'
	@touch $@

# QUICK=1 for half a minute instead of about six minutes; JSON=file keeps all numbers.
bench: install $(BENCH)/.installed
	$(BENCH)/bin/python -m tests.bench.bench $(if $(QUICK),--quick) $(if $(JSON),--json "$(JSON)")
	$(BENCH)/bin/python -m pytest -m bench tests/bench

screenshots: install
	$(VENV)/bin/python -m tests.browser.screenshots

clean:
	rm -rf $(VENV) $(BENCH) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -path ./.git -prune -o -type d -name __pycache__ -exec rm -rf {} +
