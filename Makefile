# make book, make test: nothing else is needed, only Python 3.11 with pip. See `make help`.
.DEFAULT_GOAL := help
.PHONY: help book pdf test check cluster lint fuzz mutants mutants-data matrix bench serve lock clean

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
SITE := _build/html
PEERS := _build/peers/bin/python
PEER := llm-analysis==0.2.2 SALib==1.5.2
BUILT := $(SITE)/.built
SOURCES := $(shell find book data dojo_calc _config.yml -type f -not -name '*.pyc')

# Over a checkout that another user owns, nothing can be kept for next time.
ifneq ($(shell [ -w . ] && echo yes),yes)
export RUFF_NO_CACHE := true
export MYPY_CACHE_DIR := /dev/null
UNKEPT := --no-cache
endif

help: ## list these targets
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' Makefile

# Two of these at once, in one `make -j` or in two, wait for each other.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) .ci/locked.py _build/.venv.lock .ci/environment "$(PYTHON)"

book: $(READY) ## build the HTML book into _build/html, from nothing
	@$(PYTHON) .ci/locked.py _build/.lock .ci/book

$(BUILT): $(READY) $(SOURCES)
	@$(PYTHON) .ci/locked.py _build/.lock .ci/book if-older

pdf: $(BUILT) ## print the whole book into _build/what-would-it-take.pdf, with a chromium
	$(BIN)/python book/_ext/print_book.py

test: lint ## lint, then every test; browser tests where a chromium is found (at most 6 minutes)
	$(BIN)/python -m pytest -n logical --dist worksteal -m "not slow"

check: $(BUILT) ## formulas as on older processors; the built book in a browser, every notebook; a skip is a failure
	$(BIN)/python -m tests.processors
	DOJO_CALC_NO_SKIPS=1 $(BIN)/python -m pytest -n logical --dist worksteal tests/book
	@seed=$${SEED:-$$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}; echo "Property tests by another seed, in another order: SEED=$$seed"; \
	  $(BIN)/python -m pytest -n logical --dist worksteal -m "hypothesis and not slow" --ignore=tests/book \
	  --hypothesis-profile=roaming --hypothesis-seed=$$seed --order=$$seed
	$(BIN)/python -m tests.fuzz --count 2000

fuzz: $(READY) ## 20,000 malformed inputs at every door; a tenth of them in make check
	$(BIN)/python -m tests.fuzz

mutants-data: $(READY) ## slips of the pen in data/: how many wrong units, prefixes and numbers are refused on load
	$(BIN)/python -m tests.mutate_data --count 100

mutants: $(READY) ## 150 small changes of formulas, models and analysis: do the tests of their room notice them?
	$(BIN)/python -m tests.mutants

matrix: $(READY) ## the tests on every Python installed, with the lock's versions and the newest; says what is not
	$(BIN)/python .ci/matrix.py

cluster: $(READY) ## a sweep on a Dask cluster of this machine, one of whose workers is killed
	$(BIN)/python -m pytest -m slow tests/analysis/test_cluster.py

lint: $(READY) ## style, types, direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports $(UNKEPT)

# llm-analysis holds its dependencies at versions of 2023, which would hold everything here back; so it lives apart.
# Without it `make bench` measures the rest and says so.
$(PEERS): $(READY)
	@mkdir -p _build
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --clear --python $(BIN)/python _build/peers && \
	  uv pip install --quiet --python $(PEERS) $(PEER) ; \
	else \
	  $(BIN)/python -m venv --clear _build/peers && \
	  $(PEERS) -m pip install --quiet --disable-pip-version-check $(PEER) ; \
	fi || rm -rf _build/peers

bench: $(READY) $(PEERS) ## speed as ratios within one run: prints a table, writes _build/bench.json
	$(BIN)/python -m benchmarks

serve: ## read the built book at http://localhost:8000
	@test -f $(BUILT) || $(MAKE) book
	$(PYTHON) -m http.server --directory $(SITE) 8000

lock: ## resolve requirements.lock again (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --extra dev pyproject.toml -o requirements.lock

clean: ## remove everything that was built, the environment too
	rm -rf _build .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis dist

.PHONY: picture
picture: $(READY) ## draw the picture at the top of README.md again
	$(BIN)/python book/_ext/readme_picture.py
