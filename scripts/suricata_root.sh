#!/bin/sh
# Debian's Suricata in a folder of its own, for scripts/suricata_beside.py:
#
#     sh scripts/suricata_root.sh DIR
#
# Nothing is installed on this machine but debootstrap, which makes the folder; Suricata is never part of what ships.
set -eu
root=${1:?"name the folder to make"}
suite=trixie
export DEBIAN_FRONTEND=noninteractive
command -v debootstrap >/dev/null || { apt-get -qq update && apt-get -qq install -y --no-install-recommends debootstrap; } >/dev/null
[ -e "$root/etc/debian_version" ] || debootstrap --variant=minbase "$suite" "$root" >"$root.log" 2>&1 \
    || { echo "$root.log says why the folder could not be made" >&2; exit 3; }
chroot "$root" sh -c 'command -v suricata >/dev/null || { apt-get -qq update && apt-get -qq install -y --no-install-recommends suricata; } >/dev/null 2>&1'
chroot "$root" suricata -V
