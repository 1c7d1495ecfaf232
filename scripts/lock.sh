#!/bin/sh
# Lock every requirements/*.in with hashes and without addresses. Run by `make lock`.
set -eu
export CUSTOM_COMPILE_COMMAND="make lock"
compile="$1/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url \
  --no-emit-trusted-host --no-emit-find-links --no-emit-options --resolver=backtracking"
$compile --output-file requirements/runtime.txt pyproject.toml
for part in build compiler plant test fuzz demo-recording sbom lock; do
    [ -f "requirements/$part.in" ] || continue
    $compile --constraint requirements/runtime.txt --output-file "requirements/$part.txt" "requirements/$part.in"
done
