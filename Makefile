# The two commands are `make run` and `make test`; both build .venv first when it is missing or stale.
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8000
HOST ?= localhost
WORKERS ?= 1
BIN := .venv/bin
stamp = .venv/.$(1)-$(shell cat $(2) | sha256sum | cut -c1-16)
RUN_OK := $(call stamp,run,requirements.txt)
DEV_OK := $(call stamp,dev,requirements-dev.txt)
E2E_OK := $(call stamp,e2e,requirements-e2e.txt)
# --no-deps: the files are complete, and a pip that resolves again may stumble over releases newer than they are.
# --without-pip works where python3-venv is not installed, and --python keeps clear of externally managed systems
INSTALL = test -x $(BIN)/python || $(PYTHON) -m venv --without-pip .venv; \
	if command -v uv >/dev/null; then uv pip install -q --python $(BIN)/python --require-hashes --no-deps -r $(1); \
	else $(PYTHON) -m pip --python $(BIN)/python install -q --disable-pip-version-check --require-hashes --no-deps --only-binary :all: -r $(1); fi && touch $@

.PHONY: setup run demo test e2e lint bench bench-full soak pin messages
setup: $(RUN_OK)
$(RUN_OK):
	@$(call INSTALL,requirements.txt)
$(DEV_OK): $(RUN_OK)
	@$(call INSTALL,requirements-dev.txt)
$(E2E_OK): $(DEV_OK)
	@$(call INSTALL,requirements-e2e.txt)

run: $(RUN_OK)
	@exec $(BIN)/python manage.py quickstart --port $(PORT) --host $(HOST) --workers $(WORKERS)
demo: $(RUN_OK)
	@$(BIN)/python manage.py demo
test: $(DEV_OK)
	@$(BIN)/python -m tests.stores
e2e: $(E2E_OK)
	@$(BIN)/python -m pytest -m e2e -p no:randomly tests/journeys
lint: $(DEV_OK)
	@PATH="$(CURDIR)/$(BIN):$$PATH" .ci/lint
bench: $(DEV_OK)
	@$(BIN)/python -m bench.quick $(if $(SMOKE),--smoke)
bench-full: $(DEV_OK)
	@$(BIN)/python -m bench.full
HEAVY := tests/races tests/chaos tests/fuzz
soak: $(E2E_OK)
	@TOLLGATE_TEST_SCALE=1 $(BIN)/python -m tests.stores $(HEAVY) $(filter-out tests/journeys/% $(HEAVY:=/%),$(shell grep -rlw tests.scale tests --include='test_*.py'))
	@TOLLGATE_TEST_SCALE=1 $(BIN)/python -m pytest -m e2e -p no:randomly tests/journeys

# for developers: needs uv
PIN = uv pip compile -q --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml --extra scale
pin:
	$(PIN) -o requirements.txt && $(PIN) --extra dev -o requirements-dev.txt && $(PIN) --extra dev --extra e2e -o requirements-e2e.txt
messages: $(DEV_OK)
	@$(BIN)/python -m tests.catalogue
