#!/bin/sh
# A worker: leases the events of an inbox one by one, and runs a command for each.
#
#   TRIGGERS_API_KEY=… examples/worker.sh billing ./handle-event
#
# The command gets the event as JSON on its standard input. If it exits with status 0, the worker acknowledges the event.
# Otherwise the worker releases the event with a delay, and with the last line that the command wrote to standard error.
# While the command runs, the worker extends the lease. Several workers may share one inbox.
#
# On SIGTERM or SIGINT, the worker finishes the current event, or releases an event that it has just got. This takes up to
# `wait_seconds` if the worker waits for events. Send the signal to the worker alone, and not also to the command.
#
# Needs curl and jq. jq 1.6 rounds numbers to 64-bit floating point; 1.7 and later do not. TRIGGERS_URL defaults to
# http://localhost:8000. The key needs the role creator.
set -eu

url=${TRIGGERS_URL:-http://localhost:8000}
: "${TRIGGERS_API_KEY:?set it to an API key: triggers keys create --user-id me --role creator}"
[ $# -ge 2 ] || {
  echo "usage: worker.sh INBOX COMMAND [ARGUMENT...]" >&2
  exit 2
}
inbox=$1
shift
lease_seconds=${WORKER_LEASE_SECONDS:-30}
wait_seconds=${WORKER_WAIT_SECONDS:-10}
# A command that runs for longer is ended, so that a hanging command does not keep its event forever.
handling_seconds_max=${WORKER_HANDLING_SECONDS_MAX:-3600}
# The delay after the first failure. It doubles with each attempt.
retry_seconds=${WORKER_RETRY_SECONDS:-5}

stopping=
trap 'stopping=1' TERM INT
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
errors=$folder/errors

log() { echo "worker.sh: $*" >&2; }

# call REQUEST BODY: sets `status` and `answer`. The status is 000 if there is no response. curl ignores SIGINT and SIGTERM,
# because the response of a lease would be lost. The key goes through a pipe, because others can see a program's arguments.
call() {
  answer=$(printf 'Authorization: Bearer %s\n' "$TRIGGERS_API_KEY" | (
    trap '' TERM INT
    exec curl -sS --max-time 60 -w '\n%{http_code}' "$url/inboxes/$inbox/$1" -H @- -H 'Content-Type: application/json' -d "$2"
  )) || true
  status=$(printf '%s\n' "$answer" | tail -n 1)
  answer=$(printf '%s\n' "$answer" | sed '$d')
}

# settle REQUEST BODY: ends the lease of the event. Repeats a request that fails for a while; both requests may be repeated.
settle() {
  for pause in 1 2 4 8 0; do
    call "$1" "$2"
    case $status in
      200) break ;;
      000 | 408 | 429 | 5??) sleep "$pause" ;;
      *) break ;;
    esac
  done
  if [ "$status" != 200 ]; then
    log "$1 of $event_id failed, so its lease will end by itself: $status $answer"
  elif printf '%s' "$answer" | grep -q lease_lost; then
    log "the lease of $event_id has ended early, so another worker may handle it again"
  fi
}

# Extends the lease three times in its length, until its file is gone, or until the worker is gone. A signal alone could not
# end it: a shell may lose a signal that arrives just after a fork.
keep_lease() {
  trap - TERM INT EXIT
  while sleep "$(((lease_seconds + 2) / 3))" >/dev/null 2>&1 && [ -e "$folder/$lease_id" ] && kill -0 $$ 2>/dev/null; do
    call extend '{"lease_id":"'"$lease_id"'","lease_seconds":'"$lease_seconds"'}'
  done
}

handle() {
  : >"$folder/$lease_id"
  keep_lease >/dev/null &
  keeper=$!
  if printf '%s\n' "$event" | (
    trap '' TERM INT
    exec timeout "$handling_seconds_max" "$@"
  ) 2>"$errors"; then
    result=0
  else
    result=$?
  fi
  rm -f "$folder/$lease_id"
  kill "$keeper" 2>/dev/null || true
  cat "$errors" >&2

  if [ "$result" = 0 ]; then
    settle ack '{"lease_id":"'"$lease_id"'"}'
  else
    settle release "$(jq -n --arg lease_id "$lease_id" --arg result "$result" --rawfile errors "$errors" \
      --argjson attempt "$attempt" --argjson seconds "$retry_seconds" '{
        $lease_id,
        delay_seconds: ([$seconds * pow(2; [$attempt - 1, 20] | min), 43200] | min),
        error: (($errors | split("\n") | map(select(. != "")) | last) // "exit status \($result)")[0:1000]
      }')"
  fi
}

while [ -z "$stopping" ]; do
  call lease '{"limit":1,"lease_seconds":'"$lease_seconds"',"wait_seconds":'"$wait_seconds"'}'
  case $status in
    200) ;;
    000 | 408 | 429 | 5??)
      log "no lease for now: $status $answer"
      sleep 2
      continue
      ;;
    *)
      log "the service refuses the lease: $status $answer"
      exit 1
      ;;
  esac
  lease_id=$(printf '%s' "$answer" | jq -r '.lease_id // empty')
  [ -n "$lease_id" ] || continue
  event=$(printf '%s' "$answer" | jq -c '.events[0]')
  event_id=$(printf '%s' "$event" | jq -r .event_id)
  attempt=$(printf '%s' "$event" | jq -r .attempt)
  if [ -n "$stopping" ]; then
    settle release '{"lease_id":"'"$lease_id"'"}'
  else
    handle "$@"
  fi
done
