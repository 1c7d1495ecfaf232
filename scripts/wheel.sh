#!/bin/sh
# One wheel in dist/, compiled or not at all. $1: the folder of the Python to build with and for.
set -eu
rm -rf build/lib* build/bdist* dist/interlock-*.whl # setuptools would pack what an older source tree left there
INTERLOCK_COMPILED=1 "$1/python" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation \
    --wheel-dir dist .
ls dist/interlock-*.whl
