#!/usr/bin/env bash
# One backup: HOME as a whole, in one file, with its checksum; of nothing that is half made.
#
#   backup.sh HOME FOLDER [KEEP]
#
# Waits up to an hour until no night is being made and holds the next one off meanwhile. HOME holds
# what identifies people: FOLDER is 0700, its files 0600, and it should lie on another disk. The
# newest KEEP backups stay (14). Dagster's records in SQLite are copied with SQLite's own means; in
# PostgreSQL they are that database's backup's business.
set -euo pipefail
umask 077

home=${1:?HOME is missing: backup.sh HOME FOLDER [KEEP]}
folder=${2:?FOLDER is missing: backup.sh HOME FOLDER [KEEP]}
keep=${3:-14}
python=${PYTHON:-$(dirname "$(readlink -f "$0")")/../.venv/bin/python}

[ -d "$home/restricted" ] || { echo "error: $home is no HOME" >&2; exit 2; }
case "$(readlink -f "$folder")/" in
  "$(readlink -f "$home")"/*) echo "error: $folder lies inside HOME: choose another place" >&2; exit 2 ;;
esac
mkdir -p "$folder"
chmod 0700 "$folder"

exec 9>>"$home/restricted/run.lock"
flock -w "${WAIT:-3600}" 9 || { echo "error: a night is still being made; try again later" >&2; exit 3; }

name="jiuzhulian-$(date -u +%Y%m%dT%H%M%SZ)"
work=$(mktemp -d "$folder/.$name.XXXXXX")
trap 'rm -rf "$work"' EXIT

# databases that the service may be writing to are copied consistently, one by one
"$python" - "$home/restricted/dagster" "$work/dagster" <<'COPY'
import sqlite3, sys
from pathlib import Path

source, target = map(Path, sys.argv[1:])
for path in sorted(source.rglob("*.db")) if source.is_dir() else ():
    place = target / path.relative_to(source)
    place.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as old, sqlite3.connect(place) as new:
        old.backup(new)
for path in source.glob("*.yaml") if source.is_dir() else ():
    target.mkdir(parents=True, exist_ok=True)
    (target / path.name).write_bytes(path.read_bytes())
COPY
mkdir -p "$work/dagster"

tar --create --gzip --file "$work/home.tar.gz" --directory "$home" \
  --exclude=./restricted/dagster --exclude=./restricted/tmp --exclude=./restricted/service \
  --exclude='./restricted/*.lock' --exclude='*.partial' . \
  --transform='s,^dagster,./restricted/dagster,' --directory "$work" dagster

(cd "$work" && mv home.tar.gz "$name.tar.gz" && sha256sum "$name.tar.gz" > "$name.tar.gz.sha256")
tar --list --gzip --file "$work/$name.tar.gz" > /dev/null
mv "$work/$name.tar.gz" "$work/$name.tar.gz.sha256" "$folder/"

find "$folder" -maxdepth 1 -name 'jiuzhulian-*.tar.gz' | sort -r | tail -n "+$((keep + 1))" |
  while read -r old; do rm -f "$old" "$old.sha256"; done
echo "$folder/$name.tar.gz"
