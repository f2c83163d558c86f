#!/usr/bin/env bash
# locust_ui.sh: drives Locust's web page in headless Chromium, with swarm as its workers, and writes
# docs/images/locust-ui-swarm.png. Needs the built programs, and Debian's chromium, npm and nodejs.
# Fetches playwright-core with npm.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${TRIGGERS_BUILD_DIR:-$root/build/release}
playwright="playwright-core@1.65.0"
folder=$(mktemp -d)
started=()
finish() {
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait
  rm -rf "$folder"
}
trap finish EXIT

free_port() {
  /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

(cd "$folder" && npm install --no-audit --no-fund --silent "$playwright")
service=$(free_port) master=$(free_port) page=$(free_port)
"$build/triggers" serve --host 127.0.0.1 --port "$service" --data-dir "$folder/data" --access-log=false \
  >"$folder/serve.log" 2>&1 &
started+=($!)
curl -sS --retry 50 --retry-connrefused --retry-delay 1 -o /dev/null "http://127.0.0.1:$service/status" 2>/dev/null
LOCUST_API_KEY=$("$build/triggers" keys create --data-dir "$folder/data" --user-id ui --role creator \
  --rate-limit unlimited --json | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["api_key"])')
export LOCUST_API_KEY
(cd "$folder" && exec /usr/bin/python3 -m locust -f "$root/tests/performance/locustfile.py" --master \
  --master-bind-host 127.0.0.1 --master-bind-port "$master" --web-host 127.0.0.1 --web-port "$page" --class-picker \
  --stop-timeout 5 >master.log 2>&1) &
started+=($!)
for _ in 1 2; do
  "$build/swarm" --worker --master-port "$master" >"$folder/worker.log" 2>&1 &
  started+=($!)
done
mkdir -p "$root/docs/images"
NODE_PATH=$folder/node_modules node "$root/scripts/locust_ui.js" "http://127.0.0.1:$page" "http://127.0.0.1:$service" \
  "$root/docs/images/locust-ui-swarm.png"
