#!/bin/sh
# The whole flow with curl: send an event, send it again, send a batch, read the inbox, acknowledge.
#
#   TRIGGERS_API_KEY=… examples/curl.sh
#
# TRIGGERS_URL defaults to http://localhost:8000. The key needs the role creator.
set -eu

url=${TRIGGERS_URL:-http://localhost:8000}
: "${TRIGGERS_API_KEY:?set it to an API key: triggers keys create --user-id me --role creator}"

# Sends a request, prints the body of the response, and fails if the response is an error.
call() {
  method=$1 path=$2
  shift 2
  curl -sS --fail-with-body -X "$method" "$url$path" -H "Authorization: Bearer $TRIGGERS_API_KEY" "$@"
}
json='Content-Type: application/json'
# Extracts the first event id from a response, without a JSON parser.
first_id() { sed -n 's/.*"event_id":"\([0-9a-f-]*\)".*/\1/p;q'; }

echo "1. Check that the service is up."
curl -sS --fail-with-body "$url/status"

# Identifies this run, so that a second run does not send duplicates.
run=$(date +%s)-$$

echo "2. Send an event. 201 means that it is on disk."
event='{"event_type":"example.order_paid","payload":{"order":"'$run'","total":12.50},"source":"curl.sh"}'
sent=$(call POST /events -H "$json" -H "Idempotency-Key: order-$run" -d "$event") || {
  echo "$sent" >&2
  exit 1
}
echo "$sent"
id=$(echo "$sent" | first_id)

echo "3. Send it again, as after a lost response. The id is the same, and duplicate is true."
call POST /events -H "$json" -H "Idempotency-Key: order-$run" -d "$event"

echo "4. Send a batch, one event per line. The last event is refused, and the others are stored."
call POST /events/batch -H 'Content-Type: application/x-ndjson' --data-binary @- <<END
{"event_type":"example.user_created","payload":{"user":"a-$run"}}
{"event_type":"example.user_created","payload":{"user":"b-$run"}}
{"event_type":"example.user_created"}
END

echo "5. Look at the event."
call GET "/events/$id"

echo "6. Read a page of the inbox, oldest first."
call GET "/inbox?limit=10&event_type=example.order_paid"

echo "7. Acknowledge the event. It leaves the inbox; a second acknowledgement changes nothing."
call POST /inbox/ack -H "$json" -d '{"event_ids":["'"$id"'"]}'
call POST /inbox/ack -H "$json" -d '{"event_ids":["'"$id"'"]}'

echo "8. Look at the event again. The member delivered is now true: the event is acknowledged."
call GET "/events/$id"
