#!/bin/sh
# Install Interlock into DIR (default: ./interlock-venv) from the wheels beside this file, without any network.
# PYTHON names another Python than python3. What the bundle holds is compared with SHA256SUMS first.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
target=${1:-interlock-venv}
python=${PYTHON:-python3}
fail() {
    echo "install.sh: $1" >&2
    exit 1
}
command -v "$python" >/dev/null || fail "there is no $python here; install Python, or name one as PYTHON=…"
export PYTHONDONTWRITEBYTECODE=1 # the bundle's folder stays as it is
"$python" "$here/verify.py"
kind=$("$python" "$here/kind.py")
[ "$kind" = "$(cat "$here/KIND")" ] \
    || fail "this bundle is for $(cat "$here/KIND"), and $python is $kind; name another Python as PYTHON=…"
unset PYTHONDONTWRITEBYTECODE
"$python" -m venv "$target" \
    || fail "$python cannot make a virtual environment in $target (on Debian: install python3-venv)"
pip() {
    "$target/bin/python" -m pip --isolated install --quiet --disable-pip-version-check --no-index "$@" \
        || fail "the wheels cannot be installed into $target; remove it and try again"
}
pip --find-links "$here/wheels" --require-hashes -r "$here/runtime.txt"
pip --force-reinstall --no-deps "$here"/wheels/interlock-*.whl
"$target/bin/interlock" --version
echo "installed: $target/bin/interlock"
