#!/bin/sh
# dist/interlock-VERSION-bundle.tar.gz: the wheel of dist/, every locked dependency as a wheel, and install.sh.
# It installs on a machine of the same kind (system, processor, Python) without any network.
# $1: the folder of the Python that the wheel was built with. Exit code 75: the package index cannot be reached.
set -eu
bin=$1
version=$(PYTHONPATH=src "$bin/python" -c 'import interlock; print(interlock.__version__)')
kind=$("$bin/python" scripts/install/kind.py)
name="interlock-$version-bundle"
work="build/$name"
rm -rf "$work"
mkdir -p "$work/wheels"
cp "dist/interlock-$version"-*.whl "$work/wheels/"
"$bin/python" -m pip download --quiet --disable-pip-version-check --only-binary :all: --require-hashes \
    -r requirements/runtime.txt -d "$work/wheels" || {
    echo "bundle.sh: the locked dependencies cannot be downloaded; a bundle is made where the package index can be reached" >&2
    exit 75
}
cp requirements/runtime.txt LICENSE scripts/install/install.sh scripts/install/kind.py scripts/install/verify.py "$work/"
echo "$kind" > "$work/KIND"
(cd "$work" && find . -type f ! -name SHA256SUMS | sed 's|^\./||' | LC_ALL=C sort | xargs sha256sum > SHA256SUMS)
tar -czf "dist/$name.tar.gz" -C build "$name"
echo "dist/$name.tar.gz: $(wc -c < "dist/$name.tar.gz") octets, for $kind"
