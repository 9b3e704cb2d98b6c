#!/bin/sh
# Makes .venv ready: `tools/venv.sh run` to use webduh, `tools/venv.sh dev` to work on it.
# Needs nothing but a Python from 3.11 on; PYTHON=… names one. Does nothing when all is as pyproject.toml wants it.
set -eu
cd "$(dirname "$0")/.."
kind=${1:-run}
venv=.venv

fail() {
    printf '%s\n' "$@" >&2
    exit 2
}

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
whole() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

# One that is new enough and can make environments; a new one without ensurepip is remembered for the message.
find_python() {
    half=
    for python in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
        if new_enough "$python"; then
            if whole "$python"; then
                return
            fi
            half=${half:-$python}
        fi
    done
    [ -z "$half" ] || fail "$half cannot make virtual environments: its module ensurepip is missing." \
        "  → On Debian and Ubuntu: sudo apt-get install $(basename "$half")-venv"
    fail "There is no Python 3.11 or newer${PYTHON:+ at $PYTHON}." \
        "  → Install one (https://www.python.org/downloads/), or name it: make PYTHON=/path/to/python3.12"
}

stamp=$venv/.ready-$kind-$(cat pyproject.toml tools/venv.sh | cksum | tr ' ' -)
if [ -e "$stamp" ] && new_enough "$venv/bin/python"; then
    exit 0
fi
if ! new_enough "$venv/bin/python" || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    find_python
    echo "Making $venv with $("$python" --version) …"
    "$python" -m venv --clear "$venv"
fi
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
if [ "$kind" = dev ]; then
    echo "Installing webduh and the tools to work on it …"
    "$venv/bin/python" -m pip install -q --upgrade "pip>=25.1"
    "$venv/bin/python" -m pip install -q -e . --group dev
else
    echo "Installing webduh …"
    "$venv/bin/python" -m pip install -q -e .
fi
rm -f "$venv"/.ready-"$kind"-*
: >"$stamp"
