#!/bin/sh
# dist/interlock-VERSION-bundle.tar.gz: the wheel, every locked dependency as a wheel, and install.sh.
# It installs on a machine of the same kind (system, processor, Python) without any network.
set -eu
bin=$1
version=$("$bin/python" -c 'import interlock; print(interlock.__version__)')
name="interlock-$version-bundle"
work="build/$name"
rm -rf "$work"
mkdir -p "$work/wheels"
"$bin/python" -m pip download --quiet --disable-pip-version-check --only-binary :all: --require-hashes \
    -r requirements/runtime.txt -d "$work/wheels"
cp requirements/runtime.txt LICENSE "$work/"
cp "dist/interlock-$version"-*.whl "$work/wheels/"
cat > "$work/install.sh" <<'INSTALL'
#!/bin/sh
# Install Interlock into DIR (default: ./interlock-venv) from the wheels beside this file, without any network.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
target=${1:-interlock-venv}
${PYTHON:-python3} -m venv "$target"
pip="$target/bin/python -m pip install --quiet --disable-pip-version-check --no-index --find-links $here/wheels"
$pip --require-hashes -r "$here/runtime.txt"
$pip --no-deps interlock
"$target/bin/interlock" --version
echo "installed: $target/bin/interlock"
INSTALL
chmod +x "$work/install.sh"
(cd "$work" && sha256sum install.sh runtime.txt wheels/* > SHA256SUMS)
tar -czf "dist/$name.tar.gz" -C build "$name"
echo "dist/$name.tar.gz: $(wc -c < "dist/$name.tar.gz") octets"
