#!/usr/bin/env bash
# Make a Python virtual environment with mmgen, in the tested versions.
#
#   bash tools/setup_venv.sh DIR [PIP_ARGUMENT ...]
#
# Installs mmgen from this checkout, and what the further arguments ask pip
# for. PYTHON names the interpreter to use; by default the first that is 3.10
# or newer. An environment that is complete is left as it is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() { printf 'setup_venv.sh: %s\n' "$*" >&2; exit 1; }

[ $# -ge 1 ] || fail 'the folder of the environment is missing'
venv=$1
shift

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null
}

find_python() {
    local candidates=(python3 python python3.13 python3.12 python3.11 python3.10)
    local candidate
    [ -z "${PYTHON:-}" ] || candidates=("$PYTHON")
    for candidate in "${candidates[@]}"; do
        if is_new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    fail "Python 3.10 or newer is missing (looked for: ${candidates[*]}).
Install it, or name one that is there: PYTHON=/path/to/python3 bash ..."
}

python=$(find_python)
"$python" -c 'import venv, ensurepip' 2>/dev/null || fail \
    "the modules venv and ensurepip of $("$python" -V) are missing.
On Debian and Ubuntu: apt-get install python3-venv"

# What was installed, so that a second call has nothing to do.
wanted=$(cat setup.py pyproject.toml requirements/*.txt <(echo "$PWD" "$@") | cksum)
if [ "$(cat "$venv/.installed" 2>/dev/null)" = "$wanted" ]; then
    echo "The environment $venv is complete."
    exit 0
fi

echo "Making the environment $venv with $("$python" -V) ..."
"$python" -m venv "$venv"
pip() {
    "$venv/bin/python" -m pip --disable-pip-version-check install --quiet \
        -c requirements/constraints.txt "$@" < /dev/null
}
# torch first and with its version: left to choose, pip may take another one.
pip torch
pip -e . "$@"
echo "$wanted" > "$venv/.installed"
