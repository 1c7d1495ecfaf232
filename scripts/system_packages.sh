#!/bin/sh
# Programs from the system's packages that tests use where they are there. Without root or apt nothing is
# installed, and those tests are skipped by name.
set -u
want=""
command -v tshark >/dev/null || want="$want tshark"
command -v ip >/dev/null || want="$want iproute2"
command -v nft >/dev/null || want="$want nftables"
command -v iptables-restore >/dev/null || want="$want iptables"
command -v chromedriver >/dev/null || want="$want chromium chromium-driver"
[ -z "$want" ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "not here:$want (tests that need them are skipped)"
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
{ apt-get -qq update && apt-get -qq install -y --no-install-recommends $want; } >/dev/null 2>&1 \
    || echo "could not install:$want (tests that need them are skipped)"
exit 0
