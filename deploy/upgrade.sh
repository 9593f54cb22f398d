#!/usr/bin/env bash
# Another version of the program: installed beside the old one, checked, then switched to.
#
#   upgrade.sh ROOT RELEASE
#
# ROOT holds current (a link), home, backup and settings.toml; RELEASE is an unpacked release or a
# checkout below ROOT with its .venv made (`make setup`). The service is stopped, HOME backed up,
# Dagster's records brought up to date, the link moved. Whatever fails leaves the old version.
set -euo pipefail

root=$(readlink -f "${1:?ROOT is missing: upgrade.sh ROOT RELEASE}")
release=$(readlink -f "${2:?RELEASE is missing: upgrade.sh ROOT RELEASE}")
unit=${UNIT:-jiuzhulian.service}
control=${SYSTEMCTL:-systemctl}
home=${HOME_DIR:-$root/home}
before=$(readlink -f "$root/current" || true)

[ -x "$release/.venv/bin/jiuzhulian" ] ||
  { echo "error: $release has no .venv: run make setup there" >&2; exit 2; }
[ "$release" != "$before" ] || { echo "error: $release is in force already" >&2; exit 2; }

echo "checking contracts and policies of $release"
(cd "$root" && for policy in "$release"/schemas/policies/*/; do
  "$release/.venv/bin/jiuzhulian" check --policy "$policy"
done)

"$control" stop "$unit"
restart() { "$control" start "$unit"; }
trap restart EXIT

PYTHON="$release/.venv/bin/python" "$release/deploy/backup.sh" "$home" "$root/backup"
if [ -e "$home/restricted/dagster/dagster.yaml" ]; then
  DAGSTER_HOME="$home/restricted/dagster" "$release/.venv/bin/dagster" instance migrate > /dev/null
fi

[ -z "$before" ] || ln -sfn "$before" "$root/previous"
ln -sfn "$release" "$root/current.new"
mv -T "$root/current.new" "$root/current"
echo "in force: $release; before: ${before:-nothing}"
