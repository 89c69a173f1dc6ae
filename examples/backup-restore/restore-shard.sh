#!/usr/bin/env bash
# Brings one time shard of an InfluxDB 1.x server to its replica with InfluxDB's own tools, while both serve:
#
#   1. back up the shard on the server that has it        influxd backup -portable ... -shard ID
#   2. restore it into a new database beside the old one  influxd restore -portable ... -newdb SIDE
#   3. copy it over, one measurement at a time            SELECT *::field INTO ... GROUP BY *
#   4. drop the database beside it                        DROP DATABASE SIDE
#
# `influxdb-relay recover` does the same without these tools, and also keeps newer writes from being overwritten. With
# this script nothing must write to the time of the shard meanwhile: use it for shards of days that are over.
#
# Why not simpler, all tried with 1.6.7:
#   - restoring into the database itself fails: "DB metadata not changed. database may already exist".
#   - SELECT * INTO ... FROM side.rp./.*/ damages data without a word: over several measurements InfluxDB gives fields of
#     one name one type. Integers become floats, strings and booleans vanish. So: one measurement at a time, and one time
#     shard at a time, as a field may have another type in each.
#   - `influxd restore` returns before the server is done: the first queries answer "engine is closed" or find nothing.
#   - `influxd backup` of a shard that is not there tries for minutes: the id is looked up first.
#   - shards of the same time have different ids on two servers.
#
# Needs influxd (of the servers' version), curl and awk. The snapshot ports (bind-address, 8088) have no passwords: they
# belong on a private network. For servers with passwords put user and password into ~/.netrc.
set -euo pipefail

usage() {
  cat <<'USAGE'
restore-shard.sh --from URL --from-rpc HOST:PORT --to URL --to-rpc HOST:PORT --db DB --rp RP --shard ID

  --from URL            the server that has the points, as http://a:8086
  --from-rpc HOST:PORT  its snapshot service (bind-address), as a:8088
  --to URL              the server that gets them
  --to-rpc HOST:PORT    its snapshot service
  --db DB --rp RP       database and retention policy, which both servers have
  --shard ID            the shard's id on the first server: SHOW SHARDS
USAGE
}

fail() { printf '%s\n' "$*" >&2; exit 1; }

from='' from_rpc='' to='' to_rpc='' db='' rp='' shard=''
while [ $# -gt 0 ]; do
  case "$1" in
    --help | -h) usage; exit 0 ;;
    --from | --from-rpc | --to | --to-rpc | --db | --rp | --shard)
      [ $# -ge 2 ] || { usage >&2; exit 2; }
      name=${1#--}; printf -v "${name//-/_}" '%s' "$2"; shift 2 ;;
    *) usage >&2; exit 2 ;;
  esac
done
for name in from from_rpc to to_rpc db rp shard; do
  [ -n "${!name}" ] || { usage >&2; exit 2; }
done
case "$shard" in *[!0-9]*) fail "--shard $shard: not a number" ;; esac

# A name as InfluxQL reads it.
quoted() { printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"; }

# query URL ACCEPT STATEMENT: the answer's body, or an error.
query() {
  local body
  body=$(curl --silent --show-error --fail-with-body --netrc-optional --max-time 600 --header "Accept: $2" \
    --data-urlencode "q=$3" "$1/query?epoch=ns") || { printf '%s\n' "$body" >&2; return 1; }
  case "$body" in
    *'"error":'*) printf '%s\n' "$body" >&2; return 1 ;;
  esac
  printf '%s\n' "$body"
}
csv() { query "$1" application/csv "$2"; }
json() { query "$1" application/json "$2"; }

# shards URL: start and end of each shard of the policy, and its id.
shards() {
  csv "$1" 'SHOW SHARDS' | awk -F, -v db="$db" -v rp="$rp" '$4 == db && $5 == rp { print $7, $8, $3 }'
}

# The columns of counts of one measurement, without the time.
counts() {
  csv "$1" "SELECT count(*) FROM $(quoted "$2").$(quoted "$rp").$(quoted "$3") WHERE time >= '$start' AND time < '$end'" |
    awk -F, '{ $3 = ""; print }'
}

# Patience for a server that is still taking in what was restored.
eventually() {
  local tries
  for ((tries = 0; tries < 300; tries++)); do
    if "$@" 2>"$work/last-error"; then return 0; fi
    sleep 0.2
  done
  cat "$work/last-error" >&2
  return 1
}

found=$(shards "$from" | awk -v id="$shard" '$3 == id { print $1, $2 }')
[ -n "$found" ] || fail "$from has no shard $shard of $db.$rp; see SHOW SHARDS"
start=${found% *} end=${found#* }

work=$(mktemp -d)
side="${db}_restore_$(date +%s)_$$"
cleanup() {
  json "$to" "DROP DATABASE $(quoted "$side")" >/dev/null || printf 'DROP DATABASE %s yourself\n' "$side" >&2
  rm -rf "$work"
}
trap cleanup EXIT

printf 'Shard %s of %s.%s: %s to %s\n' "$shard" "$db" "$rp" "$start" "$end"
timeout 600 influxd backup -portable -host "$from_rpc" -db "$db" -rp "$rp" -shard "$shard" "$work/backup"
timeout 600 influxd restore -portable -host "$to_rpc" -db "$db" -newdb "$side" -rp "$rp" -shard "$shard" "$work/backup"

# CSV, one name a line; a name with a comma or a quote is quoted.
csv "$from" "SHOW MEASUREMENTS ON $(quoted "$db")" | tail -n +2 |
  awk '{ sub(/^measurements,,/, "") || /^$/ || (bad = 1) }
       /^".*"$/ { $0 = substr($0, 2, length($0) - 2); gsub(/""/, "\"") }
       /./ { print }
       END { exit bad }' >"$work/measurements" ||
  fail 'a measurement has a line break in its name: this script cannot restore it, influxdb-relay recover can'

# The shard of the source, cut where the target begins another one.
{
  printf '%s\n%s\n' "$start" "$end"
  shards "$to" | awk -v start="$start" -v end="$end" '{
    for (i = 1; i <= 2; i++) if ($i > start && $i < end) print $i
  }'
} | sort -u >"$work/cuts"

total=0
while IFS= read -r measurement; do
  wanted=$(counts "$from" "$db" "$measurement")
  [ -n "$wanted" ] || continue
  arrived() { [ "$(counts "$to" "$side" "$measurement")" = "$wanted" ]; }
  eventually arrived || fail "$measurement: the restored shard does not have what $from has"
  since=''
  while IFS= read -r until; do
    if [ -n "$since" ]; then
      into() {
        json "$to" "SELECT *::field INTO $(quoted "$db").$(quoted "$rp").:MEASUREMENT
          FROM $(quoted "$side").$(quoted "$rp").$(quoted "$measurement")
          WHERE time >= '$since' AND time < '$until' GROUP BY *" >"$work/answer"
      }
      eventually into || fail "$measurement could not be copied"
    fi
    since=$until
  done <"$work/cuts"
  total=$((total + 1))
  if [ "$(counts "$to" "$db" "$measurement")" != "$wanted" ]; then
    printf '%s: the counts differ; does something write to this time?\n' "$measurement" >&2
  fi
done <"$work/measurements"
printf 'Restored %s measurements. Compare: influxdb-relay compare --deep ...\n' "$total"
