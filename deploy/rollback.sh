#!/usr/bin/env bash
# Back to the version before the last upgrade; with a BACKUP also to the HOME of then.
#
#   rollback.sh ROOT [BACKUP.tar.gz]
#
# Without a backup HOME stays: a night that the newer version made is made again by the older one
# (jiuzhulian run --as-of …). The HOME that is replaced is kept beside it.
set -euo pipefail

root=$(readlink -f "${1:?ROOT is missing: rollback.sh ROOT [BACKUP.tar.gz]}")
backup=${2:-}
unit=${UNIT:-jiuzhulian.service}
control=${SYSTEMCTL:-systemctl}
home=${HOME_DIR:-$root/home}
now=$(readlink -f "$root/current")
before=$(readlink -f "$root/previous" || true)

[ -n "$before" ] && [ -x "$before/.venv/bin/jiuzhulian" ] ||
  { echo "error: $root/previous names no version to go back to" >&2; exit 2; }

"$control" stop "$unit"
restart() { "$control" start "$unit"; }
trap restart EXIT

if [ -n "$backup" ]; then
  "$now/deploy/restore.sh" "$backup" "$home"
fi
ln -sfn "$now" "$root/previous"
ln -sfn "$before" "$root/current.new"
mv -T "$root/current.new" "$root/current"
echo "in force: $before; before: $now"
