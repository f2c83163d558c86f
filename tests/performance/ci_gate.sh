#!/usr/bin/env bash
# ci_gate.sh STATS_CSV [CONDITION...]: judges a finished load test by the PREFIX_stats.csv of Locust or swarm, and by the
# PREFIX_cut_off.csv beside it, which only swarm writes.
set -euo pipefail

usage() {
  cat <<'TEXT'
ci_gate.sh STATS_CSV [CONDITION...]: judges a finished load test by the PREFIX_stats.csv that Locust or swarm wrote, and
by the PREFIX_cut_off.csv beside it, which only swarm writes.

  ci_gate.sh results/loadtest_stats.csv 'POST /events p95 > 100ms' 'error-rate > 1%' 'accepted/s < 1000'

The test has failed if a condition is true:  [NAME] METRIC (>|>=|<|<=) NUMBER[UNIT]

  NAME    a row of the file, as in its column Name; the default is all requests together (the row Aggregated)
  METRIC  p50 p66 p75 p80 p90 p95 p98 p99 p99.9 p99.99 p100, min, mean, max   in us, ms or s
          error-rate   failures as a share of all requests, in %
          requests  failures  accepted   and the same per second: requests/s  failures/s  accepted/s

The percentiles are those of the file: Locust rounds them to two digits. accepted is the number of posts that were
answered with 201: the requests in the row POST /events less its failures. accepted/s is Requests/s less Failures/s.
Requests that the rate limit refused have their own row, "429 /events (POST)", so they are not accepted events. In the
row Aggregated they are requests without a failure. A duplicate is also answered with 201, and the events of a batch
are not counted singly.

If no event was accepted, the figures for POST /events and for all requests are those of refusals (a wrong key, a rate
limit). A condition on them can then be true, but it cannot pass.

PREFIX_stats.csv does not contain the requests that were cut off at the end of a test, but swarm writes them to
PREFIX_cut_off.csv. If that file is from the same run, error-rate, failures and failures/s with > or >= count stalled
requests: those that had waited over 1 s, and longer than p99.9. Latency conditions do not see them, and Locust writes
no such file. swarm --fail-if sees them all.

Without conditions, the targets N1 to N4 of docs/prd.md apply.
Exit status: 0 if all conditions passed; 1 if one was true; 2 if none was true but one could not be judged (a missing
file, row, column or value, no requests, no accepted event), or if the command was wrong.
TEXT
}

case ${1:-} in
  -h | --help)
    usage
    exit 0
    ;;
  '')
    usage >&2
    exit 2
    ;;
esac
csv=$1
shift
[ $# -gt 0 ] || set -- 'POST /events p95 >= 100ms' 'GET /inbox p95 >= 200ms' 'accepted/s < 1000' 'error-rate >= 1%'
if [ ! -f "$csv" ] || [ ! -r "$csv" ]; then
  echo "ci_gate: there is no file $csv to judge" >&2
  exit 2
fi

# The total's row gets the name "", which no request has.
program='
function trimmed(text) {
  sub(/^[ \t]+/, "", text)
  sub(/[ \t]+$/, "", text)
  return text
}

function stop(why) {
  print "ci_gate: " why | "cat 1>&2"
  close("cat 1>&2")
  exit 2
}

function not_understood(text, why) {
  stop("\"" text "\": " why "; for instance \"POST /events p95 > 100ms\", \"error-rate > 1%\", \"accepted/s < 1000\"")
}

function parse(text, i,    at, left, right, metric, unit) {
  at = match(text, /[<>]/)
  if (!at) not_understood(text, "there is no comparison (<, <=, > or >=)")
  comparison[i] = substr(text, at, substr(text, at + 1, 1) == "=" ? 2 : 1)
  left = trimmed(substr(text, 1, at - 1))
  right = trimmed(substr(text, at + length(comparison[i])))
  if (!match(left, /[^ \t]+$/)) not_understood(text, "there is no metric before the comparison")
  metric = substr(left, RSTART)
  name[i] = trimmed(substr(left, 1, RSTART - 1))
  family[i] = "count"
  if (metric ~ /^p[0-9]+(\.[0-9]+)?$/) {
    column[i] = substr(metric, 2) "%"
    family[i] = "latency"
  } else if (metric in latency_column) {
    column[i] = latency_column[metric]
    family[i] = "latency"
  } else if (metric == "error-rate") {
    family[i] = "share"
  } else if (metric ~ /^accepted(\/s)?$/) {
    if (name[i] != "" && name[i] != "POST /events") not_understood(text, "only \"POST /events\" has accepted events")
    name[i] = "POST /events"
    family[i] = "accepted"
  } else if (!(metric in count_column)) {
    not_understood(text, "\"" metric "\" is not a metric; --help names them")
  }
  column[i] = metric in count_column ? count_column[metric] : column[i]
  if (!match(right, /^[0-9]+(\.[0-9]+)?/) || RLENGTH > 15) {
    not_understood(text, "a number, 0 or more, is needed after the comparison")
  }
  limit[i] = substr(right, 1, RLENGTH) + 0
  unit = trimmed(substr(right, RLENGTH + 1))
  if (family[i] == "latency") {
    if (!(unit in unit_ms)) not_understood(text, "a latency needs the unit us, ms or s")
    limit[i] *= unit_ms[unit]
  } else if (family[i] == "share") {
    if (unit != "%") not_understood(text, "the error rate needs the unit %")
  } else if (unit != "") {
    not_understood(text, "\"" metric "\" has no unit")
  }
}

# RFC 4180: fields in quotes may hold commas, line ends and doubled quotes. Fills fields[]; false at the end of the file.
function read_record(    line, rest, value, got, quoted, at) {
  got = getline line < csv
  if (got < 0) stop("cannot read " csv)
  if (got == 0) return 0
  ++lines
  if (lines == 1) sub(/^\357\273\277/, "", line)
  field_count = 0
  value = ""
  rest = line
  for (;;) {
    quoted = substr(rest, 1, 1) == "\""
    if (quoted) {
      rest = substr(rest, 2)
      for (;;) {
        at = index(rest, "\"")
        if (at == 0) {
          if ((getline line < csv) <= 0) stop(csv " ends inside quotes: it was not written to its end")
          ++lines
          rest = rest "\n" line
          continue
        }
        value = value substr(rest, 1, at - 1)
        rest = substr(rest, at + 1)
        if (substr(rest, 1, 1) != "\"") break
        value = value "\""
        rest = substr(rest, 2)
      }
    }
    at = index(rest, ",")
    value = value (at == 0 ? rest : substr(rest, 1, at - 1))
    if (at == 0) sub(/\r$/, "", value)
    fields[++field_count] = value
    value = ""
    if (at == 0) return 1
    rest = substr(rest, at + 1)
  }
}

function read_file(    i, key, header_count) {
  if (!read_record()) stop(csv " is empty")
  header_count = field_count
  for (i = 1; i <= header_count; ++i) column_at[fields[i]] = i
  if (!("Type" in column_at) || !("Name" in column_at)) stop(csv " has no columns Type and Name: it is no _stats.csv")
  while (read_record()) {
    if (field_count == 1 && fields[1] == "") continue
    if (field_count != header_count) {
      stop(csv ", line " lines ": " field_count " fields instead of " header_count ": it was not written to its end")
    }
    key = fields[column_at["Name"]]
    if (key == "Aggregated" && fields[column_at["Type"]] == "") key = ""
    ++rows[key]
    for (i = 1; i <= header_count; ++i) cell[key, i] = fields[i]
    count_accepted(key)
  }
  close(csv)
}

# What had stalled at the end, by name. A file with another number of requests is of another run.
function read_cut_off(    path, first, i, key, at, whole) {
  path = csv
  if (!sub(/_stats\.csv$/, "_cut_off.csv", path) || (getline first < path) < 0) return
  close(path)
  csv = path
  lines = 0
  if (!read_record()) stop(csv " is empty")
  for (i = 1; i <= field_count; ++i) at[fields[i]] = i
  whole = field_count
  if (!(("Name" in at) && ("Request Count" in at) && ("Stalled Count" in at) && ("Missing Count" in at))) {
    stop(csv " lacks one of the columns Name, Request Count, Stalled Count, Missing Count")
  }
  while (read_record()) {
    if (field_count != whole) stop(csv ", line " lines ": it was not written to its end")
    key = fields[at["Name"]]
    if (key == "Aggregated" && fields[1] == "") {
      key = ""
      of_this_run = fields[at["Request Count"]] == cell["", column_at["Request Count"]]
    }
    stalled[key] += fields[at["Stalled Count"]]
    unanswered[key] += fields[at["Missing Count"]]
  }
  close(csv)
}

# Of a row of posts: how many were accepted.
function count_accepted(key) {
  if (key !~ /^POST \/events(\/|$)/ && key != "429 /events (POST)") return
  sends_events = 1
  if (key ~ /^429 /) return
  if (!("Request Count" in column_at) || !("Failure Count" in column_at)) return
  accepted_total += cell[key, column_at["Request Count"]] - cell[key, column_at["Failure Count"]]
}

# The number of a row, or sets missing to what is not there.
function number(key, wanted,    value) {
  if (missing != "") return 0
  if (!(wanted in column_at)) {
    missing = "the file has no column " wanted
    return 0
  }
  value = cell[key, column_at[wanted]]
  if (value ~ /^[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?$/) return value + 0
  missing = "its column " wanted (value == "" ? " is empty" : " holds " value ", not a number")
  return 0
}

function measure(i,    key, requests, added) {
  key = name[i]
  if (!(key in rows)) {
    missing = key == "" ? "there is no row Aggregated" : "no row is named " key
  } else if (rows[key] > 1) {
    missing = rows[key] " rows are named " (key == "" ? "Aggregated" : key)
  }
  requests = number(key, "Request Count")
  if (missing == "" && requests == 0) missing = "there was no request"
  counted_stalled = 0
  if (missing != "") return 0
  if (of_this_run && comparison[i] ~ /^>/ && (family[i] == "share" || column[i] ~ /^Failure/)) {
    counted_stalled = stalled[key] + 0
  }
  if (family[i] == "share") {
    added = counted_stalled > 0 ? unanswered[key] : 0
    return 100 * (number(key, "Failure Count") + added) / (requests + added)
  }
  if (column[i] == "Failure Count") return number(key, column[i]) + counted_stalled
  if (column[i] == "Failures/s") return number(key, column[i]) + counted_stalled * number(key, "Requests/s") / requests
  if (family[i] != "accepted") return number(key, column[i])
  if (column[i] == "Requests/s") return number(key, "Requests/s") - number(key, "Failures/s")
  return requests - number(key, "Failure Count")
}

function holds(value, i) {
  if (comparison[i] == ">") return value > limit[i]
  if (comparison[i] == ">=") return value >= limit[i]
  if (comparison[i] == "<") return value < limit[i]
  return value <= limit[i]
}

BEGIN {
  csv = ARGV[1]
  latency_column["min"] = "Min Response Time"
  latency_column["mean"] = "Average Response Time"
  latency_column["max"] = "Max Response Time"
  count_column["requests"] = count_column["accepted"] = "Request Count"
  count_column["failures"] = "Failure Count"
  count_column["requests/s"] = count_column["accepted/s"] = "Requests/s"
  count_column["failures/s"] = "Failures/s"
  unit_ms["us"] = 0.001
  unit_ms["ms"] = 1
  unit_ms["s"] = 1000
  for (i = 2; i < ARGC; ++i) parse(ARGV[i], i)
  read_file()
  read_cut_off()
  status = 0
  for (i = 2; i < ARGC; ++i) {
    missing = ""
    value = measure(i)
    failed = missing == "" && holds(value, i)
    if (missing == "" && !failed && sends_events && accepted_total <= 0 && name[i] ~ /^(POST \/events(\/.*)?)?$/) {
      missing = "no event was accepted, so the figures describe only refusals"
    }
    if (missing != "") {
      printf "fail-if %s: %s (CANNOT BE JUDGED)\n", ARGV[i], missing
      if (status == 0) status = 2
      continue
    }
    unit = family[i] == "latency" ? " ms" : family[i] == "share" ? " %" : ""
    with = counted_stalled > 0 ? ", with " counted_stalled " requests that had stalled at the end" : ""
    printf "fail-if %s: it is %.6g%s%s (%s)\n", ARGV[i], value, unit, with, failed ? "FAILED" : "passed"
    if (failed) status = 1
  }
  exit status
}
'
# In any other locale a number may have a comma.
LC_ALL=C awk "$program" "$csv" "$@"
