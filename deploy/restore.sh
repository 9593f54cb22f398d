#!/usr/bin/env bash
# A backup becomes HOME again. What was there is kept beside it, never overwritten.
#
#   restore.sh BACKUP.tar.gz HOME
#
# Stop the service first.
set -euo pipefail
umask 077

backup=${1:?BACKUP is missing: restore.sh BACKUP.tar.gz HOME}
home=${2:?HOME is missing: restore.sh BACKUP.tar.gz HOME}

(cd "$(dirname "$backup")" && sha256sum --quiet --check "$(basename "$backup").sha256") ||
  { echo "error: $backup is not what was written: take another backup" >&2; exit 2; }

if [ -e "$home/restricted/service.lock" ]; then
  exec 8>>"$home/restricted/service.lock"
  flock -n 8 || { echo "error: the service is running on $home: stop it first" >&2; exit 3; }
fi
if [ -e "$home/restricted/run.lock" ]; then
  exec 9>>"$home/restricted/run.lock"
  flock -n 9 || { echo "error: a night is being made in $home: wait until it has ended" >&2; exit 3; }
fi

parent=$(dirname "$(readlink -f "$home")")
work=$(mktemp -d "$parent/.restore.XXXXXX")
trap 'rm -rf "$work"' EXIT
tar --extract --gzip --same-permissions --file "$backup" --directory "$work"
[ -d "$work/restricted" ] || { echo "error: $backup holds no HOME" >&2; exit 2; }
mkdir -p "$work/restricted/tmp"
chmod 0755 "$work"
if [ -e "$home" ]; then
  aside="$home.before-$(date -u +%Y%m%dT%H%M%SZ)"
  mv "$home" "$aside"
  echo "what was there: $aside"
fi
mv "$work" "$home"
trap - EXIT
echo "restored: $home; see jiuzhulian doctor, then start the service"
