"""The pages that a browser shows at the server's address, also behind a base path; GET /me, which tells a client about its
key; and the refusal of unknown query parameters."""

import pytest

from support.keys import fresh_user

browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_a_browser_sees_a_page_and_curl_sees_json(shared_server):
    with shared_server.client() as anyone:
        page = anyone.get("/", headers=browser)
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        text = page.body.decode()
        for path in ("/docs", "/openapi.json", "/health"):
            assert f'href="{path}"' in text
            assert anyone.get(path).status == 200
        assert f"http://127.0.0.1:{shared_server.port}/me" in text
        assert anyone.get("/", headers={"Accept": "*/*"}).json()["docs"] == "/docs"
        icon = anyone.get("/favicon.ico")
        assert (icon.status, icon.body) == (204, b"")


def test_a_key_can_ask_whose_it_is(new_client):
    user = fresh_user()
    client = new_client(user_id=user, role="viewer", rate_limit=60)
    first = client.get("/me").json()
    assert (first["user_id"], first["role"], first["rate_limit"], first["rate_limit_remaining"]) == (user, "viewer", 60, 59)
    assert client.key not in str(first)
    client.get("/inbox")
    assert client.get("/me").json()["rate_limit_remaining"] == 57
    assert client.get("/me", key="unknown").status == 401


@pytest.mark.parametrize("base", ["", "/triggers", "/a/b"])
def test_a_base_path_may_stand_in_front(start_server, base):
    server = start_server(*([f"--base-path={base}"] if base else []))
    with server.client(server.create_key()["api_key"]) as client:
        assert client.get(f"{base}/health").status == 200
        assert client.get("/health").status == 200
        made = client.post(f"{base}/events", {"event_type": "t", "payload": {}})
        assert made.headers["Location"] == f"{base}/events/{made.json()['event_id']}"
        assert client.get(made.headers["Location"]).json()["id"] == made.json()["event_id"]
        assert client.get(f"{base}/").json()["docs"] == f"{base}/docs"
        assert f'href="{base}/docs"' in client.get(f"{base}/", headers=browser).body.decode()
        assert client.get(f"/other{base}/health").status == 404


def test_an_unknown_query_parameter_is_refused_with_the_known_ones(client):
    for path, known in (("/inbox", ["limit", "cursor", "event_type", "order", "wait"]), ("/me", [])):
        refused = client.get(f"{path}?_=1700000000")
        assert refused.status == 400
        assert refused.json()["details"]["known"] == known
        assert all(name in refused.json()["message"] for name in known)
