#!/usr/bin/env bash
# run.sh [OPTION...]: runs the server of the release build, with the options of `triggers serve`. On an empty store it makes
# a first key and prints commands to paste. Refuses to start if another program answers on the port.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
triggers=$root/build/release/triggers

for argument in "$@"; do
  case $argument in
    -h | --help) exec "$triggers" serve --help ;;
  esac
done

# A developer's server does not listen on the network. Its data is in the project's folder, wherever the caller is.
export HOST=${HOST:-127.0.0.1}
export DATA_DIR=${DATA_DIR:-$root/data}

# The program itself combines flags, environment and file; a bad value ends the script here, with the program's message.
config=$("$triggers" config --json "$@")
value_of() {
  sed -n "s/.*{\"name\":\"$1\",\"value\":\"\([^\"]*\)\".*/\1/p" <<<"$config"
}
host=$(value_of host)
port=$(value_of port)
data_dir=$(value_of data-dir)
scheme=http
[ -z "$(value_of tls-cert)" ] || scheme=https
case $host in
  0.0.0.0 | 127.* | :: | ::1) url=$scheme://localhost:$port ;;
  *) url=$scheme://$host:$port ;;
esac

# Prints what already answers on the port: "triggers", "other", or nothing.
occupant() {
  local answer
  { exec 3<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null || return 0
  printf 'GET /status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
  answer=$(timeout 2 tr -d '\0' <&3) || true
  case $answer in
    *'"uptime_seconds"'*) echo triggers ;;
    *) echo other ;;
  esac
}
case $([ "$port" = 0 ] || occupant) in
  triggers)
    printf 'dev: Triggers is already running at %s. Stop it, or start a second server:\n' "$url" >&2
    printf '  PORT=%d DATA_DIR=./data2 ./dev run\n' $((port + 1)) >&2
    exit 1
    ;;
  other)
    printf 'dev: another program uses port %d. Choose another port: PORT=%d ./dev run\n' "$port" $((port + 1)) >&2
    exit 1
    ;;
esac

# Without a store there is no key, and listing keys would be an error.
keys='{"keys":[]}'
[ ! -e "$data_dir/FORMAT" ] || keys=$("$triggers" keys list --json --data-dir "$data_dir")
if [[ $keys == '{"keys":[]'* ]]; then
  created=$("$triggers" keys create --user-id developer --role creator --rate-limit 10000 --json --data-dir "$data_dir")
  key=$(sed -n 's/.*"api_key":"\([^"]*\)".*/\1/p' <<<"$created")
  cat <<TEXT

Here is a first API key. It is shown only this once:

  export TRIGGERS_API_KEY=$key

Send an event, read the inbox, and acknowledge everything in it (paste these into another shell):

  curl -sS $url/events -H "Authorization: Bearer $key" -H 'Content-Type: application/json' -d '{"event_type":"order.paid","payload":{"order":1,"total":12.50}}'

  curl -sS $url/inbox -H "Authorization: Bearer $key"

  curl -sS $url/inbox -H "Authorization: Bearer $key" | grep -o '"event_id":"[^"]*"' | cut -d '"' -f 4 | while read -r id; do curl -sS -X DELETE "$url/events/\$id" -H "Authorization: Bearer $key" -w "%{http_code} \$id\n"; done

TEXT
else
  cat <<TEXT

$data_dir has keys already. To create another one for the inbox of the user developer:

  '$triggers' keys create --user-id developer --role creator --rate-limit 10000 --data-dir '$data_dir'

TEXT
fi
printf 'Serving %s from %s; press Ctrl+C to stop. API documentation: %s/docs\n\n' "$url" "$data_dir" "$url"
exec "$triggers" serve "$@"
