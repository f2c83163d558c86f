"""The shortest test of the whole: an event is sent over HTTP, listed, acknowledged, and survives `kill -9`. If this fails,
look here first."""


def test_an_event_and_its_acknowledgement_survive_kill_9(start_server):
    server = start_server()
    key = server.create_key()["api_key"]
    with server.client(key) as client:
        kept = client.send_event("order.created", {"order": 1, "total": "12.50"}, source="shop", metadata={"try": 1})
        done = client.send_event("order.paid", {"order": 1})
        assert (kept.status, done.status) == (201, 201)
        kept_id, done_id = kept.json()["event_id"], done.json()["event_id"]
        assert [event["event_id"] for event in client.inbox()] == [kept_id, done_id]
        assert client.get(f"/events/{done_id}").json()["delivered"] is False
        assert client.delete(f"/events/{done_id}").status == 204

    server.kill()
    assert server.process.returncode == -9
    server.start()

    with server.client(key) as client:
        page = client.get("/inbox").json()
        assert [event["event_id"] for event in page["events"]] == [kept_id]
        assert page["pagination"] == {"next_cursor": page["pagination"]["next_cursor"], "has_more": False,
                                      "total_undelivered": 1}
        event = client.get(f"/events/{kept_id}").json()
        assert event == {"id": kept_id, "event_id": kept_id, "timestamp": kept.json()["timestamp"], "event_type": "order.created",
                         "payload": {"order": 1, "total": "12.50"}, "source": "shop", "metadata": {"try": 1},
                         "delivered": False, "delivered_at": None}
        acknowledged = client.get(f"/events/{done_id}").json()
        assert acknowledged["delivered"] is True and acknowledged["delivered_at"].endswith("Z")
        assert client.delete(f"/events/{kept_id}").status == 204
    assert server.stop() == 0
