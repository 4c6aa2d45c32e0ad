#!/usr/bin/env bash
# Build the site of the guides and of the reference. A warning is an error.
#
#   bash tools/misc/build_docs.sh [DIR]
#
# The site goes to DIR (docs/_build); it needs requirements/docs.txt. PYTHON
# names the interpreter.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
site=${1:-docs/_build}
python=${PYTHON:-python}

"$python" -c 'import sphinx, myst_parser, furo, sphinx_copybutton' || {
    echo 'build_docs.sh: needs: pip install -c requirements/constraints.txt' \
        '-r requirements/docs.txt' >&2
    exit 1
}
# Pages of the reference that no longer have a room would stay.
rm -rf docs/api
"$python" -m sphinx --quiet --fail-on-warning --keep-going -j auto \
    -c docs -b html . "$site"
echo "Written: $site/index.html"
