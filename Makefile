# make book, make test: nothing else is needed, only Python 3.11 with pip. See `make help`.
.DEFAULT_GOAL := help
.PHONY: help book test check lint bench serve lock clean

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
SITE := _build/html
PEERS := _build/peers/bin/python
PEER := llm-analysis==0.2.2
BUILT := _build/.built
SOURCES := $(shell find book data dojo_calc _config.yml -type f -not -name '*.pyc')

help: ## list these targets
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' Makefile

# The environment comes from the hashed lock alone, with uv where it is found and pip where it is not.
# The stamp is written last, so an interrupted install is made again.
$(READY): requirements.lock pyproject.toml
	@echo "Making .venv from requirements.lock (about a minute, once)"
	@rm -rf .venv
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --python "$$(command -v $(PYTHON))" .venv && \
	  uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock && \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable . ; \
	else \
	  $(PYTHON) -m venv .venv && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . ; \
	fi
	@touch $@

book: ## build the HTML book into _build/html, from nothing
	@rm -f $(BUILT)
	@$(MAKE) --no-print-directory $(BUILT)

# The stamp is written last, so a build that failed is made again.
$(BUILT): $(READY) $(SOURCES)
	@rm -rf _build/html _build/.doctrees _build/.jupyter_cache _build/jupyter_execute
	$(BIN)/jupyter-book build book --config _config.yml --path-output . -W -n --keep-going
	@touch $@
	@echo "Open $(SITE)/index.html"

test: lint ## lint, then every test; browser tests where a chromium is found (at most 6 minutes)
	$(BIN)/python -m pytest -n logical --dist worksteal -m "not slow"

check: $(BUILT) ## formulas as on older processors; the built book in a browser, every notebook; a skip is a failure
	$(BIN)/python -m tests.processors
	DOJO_CALC_NO_SKIPS=1 $(BIN)/python -m pytest -n logical --dist worksteal tests/book

lint: $(READY) ## style, types, direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# llm-analysis holds its dependencies at versions of 2023, which would hold everything here back; so it lives apart.
# Without it `make bench` measures the rest and says so.
$(PEERS): $(READY)
	@mkdir -p _build
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --clear --python $(BIN)/python _build/peers && \
	  uv pip install --quiet --python $(PEERS) "$(PEER)" ; \
	else \
	  $(BIN)/python -m venv --clear _build/peers && \
	  $(PEERS) -m pip install --quiet --disable-pip-version-check "$(PEER)" ; \
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
