#!/bin/sh
# Prove that a machine without any C compiler compiles with the ziglang wheel: a fresh clone of this repository,
# a PATH that holds only what make needs, `make demo`, the doctor's word for it, and the engine's unit tests.
# Takes minutes. $1: an empty or new folder to work in (default: a temporary one, removed at the end).
set -eu
cd "$(dirname "$0")/.."
if [ $# -gt 0 ]; then
    work=$1
    mkdir -p "$work"
else
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
fi
set --
python=$(${PYTHON:-python3} -c 'import sys; print(sys.executable)')
mkdir "$work/bin" "$work/home"
for tool in sh make command test rm mkdir touch env echo; do
    found=$(command -v "$tool") && case $found in /*) ln -s "$found" "$work/bin/$tool" ;; esac
done
ln -s "$python" "$work/bin/python3"
git clone --quiet . "$work/clone"
cd "$work/clone"
for name in $(env | sed -n 's/^\(PIP_[A-Z_]*\|SSL_CERT_FILE\|HTTPS_PROXY\|https_proxy\)=.*/\1/p'); do
    eval "set -- \"\$@\" \"$name=\$$name\""
done
alone() { env -i HOME="$work/home" PATH="$work/bin" LANG=C.UTF-8 "$@"; }
for compiler in cc gcc clang c99; do
    ! alone "$@" sh -c "command -v $compiler" || { echo "$compiler is still in PATH"; exit 1; }
done
alone "$@" make demo
alone .venv/bin/interlock doctor | grep 'speed: decoders are compiled'
alone "$@" .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
alone .venv/bin/python -m pytest -p no:cacheprovider tests/decode/test_packet.py tests/decode/test_streams.py \
    tests/decode/test_framing.py tests/decode/test_sheet.py tests/decode/protocols/test_modbus.py
