# The commands of the README; each makes what it needs.
PYTHON ?= python3
# a version for uv to find or download, or the path of an interpreter
LOWEST_PYTHON ?= 3.12
NEWEST_PYTHON ?= 3.13
VENV := .venv
BIN := $(VENV)/bin
# one process more than there are cores, for many tests wait: for a browser, a kernel, a server
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
# a file's tests in one process, and the files in the order of tests/conftest.py
PARALLEL := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
STAMP := $(VENV)/.installed
# the same, with what the documentation is built by
DOCS := $(VENV)/.installed-docs
# the rooms whose work pandas does, and of plans what reads frames; runs that are killed and taken up again are the same
# on every pandas
PANDAS_ROOMS := tests/frames tests/client tests/analysis tests/test_dtypes.py tests/plans/test_plan.py
PANDAS_ROOMS += tests/plans/test_requests.py
# without what is statistics or processes, and the same on every pandas
PANDAS23_TESTS ?= $(PANDAS_ROOMS) $(addprefix --ignore=tests/analysis/test_,verdict_rates.py verdict_evidence.py verdict_interval.py \
	verdict_paths.py anomaly_streams.py burn.py sleep.py impacts.py changes.py fleet_processes.py labelled_series.py)
PANDAS23 := -e '.[server,notify,dns,dask]' 'pandas==2.3.*' 'dask[dataframe]' hypothesis keyring polars psutil pyarrow pytest pytest-xdist
# what was compiled is kept, whatever the environment says: tests start hundreds of processes
export PYTHONDONTWRITEBYTECODE :=
# into the virtual environment $(1); uv takes a tenth of pip's time, and where it can't be had pip does it
install = @PATH="$(PATH):$(BIN)" uv pip install --quiet --python $(1)/bin/python $(2) || \
	$(1)/bin/python -m pip install --quiet --disable-pip-version-check $(2)
# options of pytest for the run at the newest versions
NEWEST_OPTIONS ?=

.PHONY: demo test tests test-all pandas23 lab check style format notebooks docs docs-links pictures live lowest newest bench bench-large statistics fuzz constraints front clean

demo:  ## run the tour on a simulated platform and write createos-tour.html
	@echo "The tour of a simulated platform: installed first where it is not yet, then run; it becomes createos-tour.html."
	@$(MAKE) --no-print-directory $(STAMP)
	$(BIN)/createos-nb demo

test: $(STAMP)  ## all tests: library, notebooks, checks
	@# side by side: the type checker works on one processor
	$(MAKE) --no-print-directory --jobs=2 style tests
	$(BIN)/python -m pytest $(PARALLEL) -p nbval.plugin --nbval --nbval-current-env --nbval-cell-timeout=120 notebooks

tests: $(STAMP)
	$(BIN)/python -m pytest $(PARALLEL)

test-all: check  ## the rooms of pandas 2.3, the lowest versions, the newest with branch coverage, and the long runs
	$(MAKE) pandas23 PANDAS23_TESTS="$(PANDAS_ROOMS) tests/runbooks/test_rollback.py tests/diagnostics/test_diagnose.py"
	$(MAKE) lowest
	$(MAKE) newest NEWEST_OPTIONS="--cov=createos_nb --cov-branch --cov-report=term:skip-covered"
	.venv-newest/bin/python -m pytest $(PARALLEL) -p nbval.plugin --nbval --nbval-current-env --nbval-cell-timeout=120 notebooks
	.venv-newest/bin/python -m pytest $(PARALLEL) -m slow

pandas23: $(STAMP)  ## frames, client, analysis and plans on pandas 2.3, in a small environment of its own
	@PATH="$(PATH):$(BIN)" uv venv --quiet --allow-existing --python $(PYTHON) .venv-pandas23 || $(PYTHON) -m venv .venv-pandas23
	$(call install,.venv-pandas23,$(PANDAS23))
	.venv-pandas23/bin/python -m pytest $(PARALLEL) $(PANDAS23_TESTS)

lab: $(STAMP)  ## JupyterLab on the notebooks
	$(BIN)/jupyter lab --notebook-dir=notebooks

check: style  ## style, types, import floors
	$(BIN)/python -m pytest -q tests/test_floors.py

style: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

notebooks: $(STAMP)  ## execute the notebooks in place; one whose checks do not pass stays as it was
	$(BIN)/python -m tools.notebooks

docs: $(DOCS)  ## the documentation site, docs/_build/html/index.html: warnings are errors, and the built pages are checked
	$(BIN)/python -m tools.site
	$(BIN)/python -m pytest -p no:cacheprovider docs/checks

docs-links: $(DOCS)  ## ask whether the links of the site that lead elsewhere are still there
	$(BIN)/python -m tools.site links

# needs Node; installing the package does not, for what is built is committed
front:  ## the browser's side of the panels: types, tests, and the modules that the package ships
	cd front && npm ci --no-audit --no-fund && npm run check && npm test && npm run build

pictures: $(STAMP)  ## the pictures of the documentation, drawn from the simulator in a real browser
	$(BIN)/python -m tools.pictures
	$(BIN)/python -m tools.site.pictures

live: $(STAMP)  ## the notebooks against served worlds in real time: those that read pass, those that act say NO DATA
	CREATEOS_NB_LIVE_SPEED=1 $(BIN)/python -m pytest tests/cli/test_notebooks_read.py tests/cli/test_notebooks_act.py -k live

# these two need uv: it resolves the lowest versions, and finds or downloads the Pythons
lowest:  ## the tests at the lowest versions that pyproject.toml declares, on Python 3.12
	uv venv --quiet --allow-existing --python $(LOWEST_PYTHON) .venv-lowest
	uv pip install --quiet --python .venv-lowest/bin/python --resolution lowest-direct -e '.[test,lab]'
	.venv-lowest/bin/python -m pytest $(PARALLEL)

newest:  ## the tests at the newest versions there are, on Python 3.13
	uv venv --quiet --allow-existing --python $(NEWEST_PYTHON) .venv-newest
	uv pip install --quiet --upgrade --python .venv-newest/bin/python --resolution highest -e '.[test,lab]' pytest-cov
	.venv-newest/bin/python -m pytest $(PARALLEL) $(NEWEST_OPTIONS)

bench: $(STAMP)  ## speed, each figure beside a floor or a peer
	$(BIN)/python -m benchmarks

bench-large: $(STAMP)  ## a fleet of 1,000 environments and a year of minutes, 525 million rows: about an hour, and 2 GB of disk
	$(BIN)/python -m benchmarks fleets_large

fuzz: $(STAMP)  ## the property tests again and again, each time with another seed
	for seed in $$(seq 1 20); do $(BIN)/python -m pytest -m hypothesis --hypothesis-seed=$$seed || exit 1; done
	$(BIN)/python -m pytest -m slow
	rm -f attacks.jsonl
	CREATEOS_NB_ATTACK_FACTOR=20 CREATEOS_NB_ATTACK_REPORT=$(CURDIR)/attacks.jsonl $(BIN)/python -m pytest tests/attacks
	$(BIN)/python -m tests.attacks attacks.jsonl

statistics: $(STAMP)  ## error rates of everything that judges, from simulation
	$(BIN)/python -m benchmarks.statistics

constraints: test $(DOCS)  ## write the versions that the tests have just passed with into constraints.txt
	$(BIN)/python -m tools.constraints

clean:
	rm -rf $(VENV) .venv-pandas23 .venv-lowest .venv-newest createos-tour.html docs/_build

# the virtual environment is kept until pyproject.toml changes
$(STAMP): pyproject.toml
	@echo "Installing createos-nb and its tools into $(VENV): under a minute, once."
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --allow-existing $(VENV); \
	else \
	  $(PYTHON) -c 'import sys; sys.exit("createos-nb needs Python 3.11 or newer; set PYTHON=") if sys.version_info < (3, 11) else 0' && \
	  $(PYTHON) -m venv $(VENV) && { $(BIN)/python -m pip install --quiet --disable-pip-version-check uv || true; }; \
	fi
	$(call install,$(VENV),-e '.[dev]')
	@echo "Installed."
	@touch $(STAMP)

$(DOCS): $(STAMP)
	$(call install,$(VENV),-e '.[docs]')
	@touch $(DOCS)
