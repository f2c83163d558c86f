"""The page of `swarm` as a server: Locust's web API drives a test, and nobody else can. Its look is tested in
test_swarm_page_in_browser.py."""

import base64
import csv
import io
import json
import socket
import time

import pytest

from support import swarm
from support.delaying_server import DelayingServer
from support.page import Page

USER = "HighThroughputUser"


@pytest.fixture(scope="module")
def service():
    with DelayingServer(0.002) as server:
        yield server


@pytest.fixture(scope="module")
def served(service, tmp_path_factory):
    """One page for the tests that only look, after a test of a second."""
    with Page(tmp_path_factory.mktemp("served"), "--users", 5, "--spawn-rate", 5, "--no-wait", USER, service=service.port) as page:
        assert page.start(5, 5)["success"]
        page.wait_for(lambda: page.total()["num_requests"] > 100)
        page.get("/stop")
        page.wait_for_state("stopped", users=0)
        yield page


def test_a_test_starts_changes_and_stops_by_the_api(service, tmp_path):
    with Page(tmp_path, "--users", 5, "--spawn-rate", 5, "--no-wait", USER, service=service.port) as page:
        assert page.stats()["state"] == "ready"
        before = service.requests
        answer = page.start(5, 100)
        assert answer == {"success": True, "message": "Swarming started", "host": f"http://127.0.0.1:{service.port}"}
        page.wait_for_state("running", users=5)
        page.wait_for(lambda: page.total()["num_requests"] > 200)
        assert page.start(12, 100)["success"]
        page.wait_for_state("running", users=12)
        assert page.start(3, 100)["success"]
        page.wait_for_state("running", users=3)
        assert json.loads(page.get("/stop")) == {"success": True, "message": "Test stopped"}
        page.wait_for_state("stopped", users=0)
        counted = page.total()["num_requests"]
        assert 0 <= service.requests - before - counted <= 20, "only requests that were cut off are not counted"
        # Again, from zero.
        assert page.start(2, 100)["success"]
        page.wait_for_state("running", users=2)
        assert page.total()["num_requests"] < counted
        page.get("/stop")
        page.wait_for_state("stopped")
        assert page.interrupt() == 0


def test_stats_reset_counts_from_zero(service, tmp_path):
    with Page(tmp_path, "--no-wait", USER, service=service.port) as page:
        assert page.start(5, 5)["success"]
        page.wait_for(lambda: page.total()["num_requests"] > 1000)
        assert page.get("/stats/reset") == "ok"
        assert page.total()["num_requests"] < 1000


def test_mistakes_of_the_form_are_answers_and_start_nothing(service, tmp_path):
    with Page(tmp_path, "--class-picker", USER, service=service.port) as page:
        for fields, part in [({"user_count": "many"}, "user_count is 'many'"), ({"user_count": "-1"}, "user_count"),
                             ({"spawn_rate": "0"}, "spawn_rate is '0'"), ({"spawn_rate": "nan"}, "spawn_rate"),
                             ({"user_count": ""}, "Give user_count"), ({"host": "localhost"}, "'localhost' is not the URL"),
                             ({"run_time": "5x"}, "run_time is '5x'"), ({"user_classes": "Nobody"}, "Unknown User(s): Nobody"),
                             ({"shape_class": "Step"}, "no shape class 'Step'")]:
            answer = page.start(**{"users": 1, "spawn_rate": 1, **{key: value for key, value in fields.items() if key == "spawn_rate"}},
                                **{key: value for key, value in fields.items() if key != "spawn_rate"})
            assert answer["success"] is False and part in answer["message"], (fields, answer)
        assert page.stats()["state"] == "ready"
        status, _, headers = page.ask("GET", "/swarm")
        assert status == 405 and headers["Allow"] == "POST"


def test_the_form_chooses_classes_host_and_run_time(service, tmp_path):
    with Page(tmp_path, "--class-picker", "--no-wait", "--users", 1) as page:
        assert page.start(2, 2)["message"].startswith("Give a host")
        host = f"http://127.0.0.1:{service.port}"
        answer = page.start(2, 2, host=host, run_time="1s", user_classes=[USER])
        assert answer == {"success": True, "message": "Swarming started", "host": host, "run_time": "1s", "user_classes": [USER]}
        page.wait_for_state("stopped")
        assert set(page.json("/tasks")["total"]) == {USER}
        assert "--run-time limit reached" in "\n".join(page.json("/logs")["master"])


def test_autostart_begins_and_autoquit_ends_the_program(service, tmp_path):
    with Page(tmp_path, "--autostart", "--autoquit", "2s", "-t", "2s", "-u", 2, "-r", 2, USER, service=service.port) as page:
        page.wait_for_state("running", users=2)
        assert page.process.wait(timeout=15) == 0
        assert "--autoquit time reached" in page.text()


def test_a_headless_run_serves_its_page_and_ends_with_the_test(service, tmp_path):
    with Page(tmp_path, "--headless", "-u", 2, "-r", 2, USER, service=service.port) as page:
        page.wait_for_state("running", users=2)
        assert page.start(4, 100)["success"]
        page.wait_for_state("running", users=4)
        page.get("/stop")
        assert page.process.wait(timeout=15) == 0
        assert "Shutting down (exit code 0)" in page.text()


def test_a_command_that_says_when_the_test_ends_has_no_page(service):
    done = swarm.run(service.port, "k" * 64, "-t", "1s", USER)
    assert done.returncode == 0 and "web interface" not in done.stderr


stats_row = {"method", "name", "safe_name", "num_requests", "num_failures", "avg_response_time", "min_response_time",
             "max_response_time", "median_response_time", "current_rps", "current_fail_per_sec", "ninetieth_response_time",
             "ninety_ninth_response_time", "avg_content_length", "total_rps", "total_fail_per_sec",
             "response_time_percentile_0.95", "response_time_percentile_0.99"}
stats_top = {"stats", "errors", "total_rps", "total_fail_per_sec", "fail_ratio", "current_response_time_percentile_95",
             "current_response_time_percentile_50", "state", "user_count", "workers", "current_rps", "current_fail_per_sec",
             "current_response_time_percentiles", "worker_count", "total_avg_response_time"}
template_args = {"locustfile", "state", "is_distributed", "user_count", "version", "host", "history", "override_host_warning",
                 "missing_host_warning", "num_users", "spawn_rate", "worker_count", "hide_common_options", "shape_use_common_options",
                 "stats_history_enabled", "tasks", "extra_options", "run_time", "show_userclass_picker", "available_user_classes",
                 "available_shape_classes", "available_user_tasks", "users", "percentiles_to_chart", "percentiles_to_statistics",
                 "is_host_required", "profile"}


def test_the_documents_have_the_fields_of_all_versions_of_locust(served):
    stats = served.stats()
    assert stats_top <= set(stats)
    for row in stats["stats"]:
        assert stats_row <= set(row)
    assert stats["stats"][-1]["name"] == "Aggregated"
    assert stats["stats"][-1]["min_response_time"] <= stats["stats"][-1]["median_response_time"]
    page = served.get("/")
    given = json.loads(page.split("window.templateArgs = ", 1)[1].split(";</script>", 1)[0])
    assert template_args <= set(given)
    assert given["available_shape_classes"][0] == "Default" and USER in given["available_user_classes"]
    assert served.json("/exceptions") == {"exceptions": []}
    assert served.json("/worker-count") == {"worker_count": 0}
    tasks = served.json("/tasks")
    assert tasks == {"per_class": {USER: {"ratio": 1, "tasks": {"send": {"ratio": 1}}}},
                     "total": {USER: {"ratio": 1, "tasks": {"send": {"ratio": 1}}}}}
    assert any("Ramping to 5 users" in line for line in served.json("/logs")["master"]) and served.json("/logs")["workers"] == {}


def test_failures_are_listed_with_their_times(tmp_path):
    with DelayingServer(0.001, status=500) as server, Page(tmp_path, "--no-wait", USER, service=server.port) as page:
        assert page.start(1, 1)["success"]
        page.wait_for(lambda: page.stats()["errors"])
        error = page.stats()["errors"][0]
        assert {"method", "name", "error", "occurrences", "first_seen", "last_seen"} == set(error)
        assert time.time() - 20 < error["first_seen"] <= error["last_seen"] <= time.time() + 1
        assert page.stats()["fail_ratio"] == 1
        assert page.get("/stats/failures/csv").startswith("Method,Name,Error,Occurrences\r\n")
        assert page.interrupt() == 1


@pytest.mark.parametrize("path, kind, name", [
    ("/stats/requests/csv", "text/csv", "requests_"), ("/stats/failures/csv", "text/csv", "failures_"),
    ("/exceptions/csv", "text/csv", "exceptions_"), ("/stats/report?download=1", "text/html", "Locust_"),
    ("/stats/json", "application/json", "results_")])
def test_downloads_are_attachments(served, path, kind, name):
    status, body, headers = served.ask("GET", path)
    assert status == 200 and body and headers["Content-Type"].startswith(kind)
    assert headers["Content-Disposition"].startswith(f'attachment; filename="{name}')


def test_the_files_have_the_figures_of_the_api(served):
    total = served.total()
    rows = list(csv.DictReader(io.StringIO(served.get("/stats/requests/csv"))))
    assert rows[-1]["Name"] == "Aggregated" and int(rows[-1]["Request Count"]) == total["num_requests"]
    assert served.json("/stats/json")["total"]["requests"] == total["num_requests"]
    assert "Load test of" in served.get("/stats/report") and "Content-Disposition" not in served.ask("GET", "/stats/report")[2]
    assert served.ask("GET", "/stats/requests_full_history/csv")[0] == 404


def test_metrics_are_prometheus_text_and_agree_with_the_api(served):
    status, body, headers = served.ask("GET", "/metrics")
    assert status == 200 and headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples = {}
    for line in body.splitlines():
        if not line.startswith("#"):
            series, value = line.rsplit(" ", 1)
            samples[series] = float(value)
    label = '{method="POST",name="POST /events"}'
    assert samples[f"swarm_requests_total{label}"] == served.total()["num_requests"]
    assert samples['swarm_state{state="stopped"}'] == 1 and samples["swarm_users"] == 0
    buckets = [value for series, value in samples.items() if series.startswith("swarm_request_duration_seconds_bucket")]
    assert buckets == sorted(buckets) and buckets[-1] == samples[f"swarm_request_duration_seconds_count{label}"]
    assert 0 < samples[f"swarm_request_duration_seconds_sum{label}"] < 60


def test_other_sites_can_neither_read_nor_change_a_test(served):
    own = {"Host": f"127.0.0.1:{served.port}"}
    for headers in ({"Host": f"attacker.example:{served.port}"}, {**own, "Origin": "http://attacker.example"}):
        assert served.ask("GET", "/stats/requests", **headers)[0] == 403
    for headers in ({"Sec_Fetch_Site": "cross-site"}, {"Referer": "http://attacker.example/"}, {"Origin": "null"}):
        for method, path in (("GET", "/stop"), ("GET", "/stats/reset"), ("POST", "/swarm")):
            assert served.ask(method, path, {} if method == "POST" else None, **headers)[0] == 403, (headers, path)
    assert served.stats()["state"] == "stopped"


def test_every_answer_says_what_a_browser_may_do_with_it(served):
    for path in ("/", "/style.css", "/stats/requests", "/nothing"):
        headers = served.ask("GET", path)[2]
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Cross-Origin-Resource-Policy"] == "same-origin", path
    policy = served.ask("GET", "/")[2]["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe-eval" not in policy
    assert "sandbox" in served.ask("GET", "/stats/report")[2]["Content-Security-Policy"]


def basic(login):
    return "Basic " + base64.b64encode(login.encode()).decode()


def test_a_login_guards_everything(service, tmp_path):
    with Page(tmp_path, USER, service=service.port, env={"LOCUST_WEB_AUTH": "ann:pass:word"}) as page:
        for path in ("/", "/stats/requests", "/stop", "/metrics", "/app.js"):
            status, _, headers = page.ask("GET", path)
            assert status == 401 and headers["WWW-Authenticate"].startswith("Basic"), path
        assert page.ask("GET", "/stats/requests", Authorization=basic("ann:pass:word"))[0] == 200
        for _ in range(10):
            assert page.ask("GET", "/stats/requests", Authorization=basic("ann:guess"))[0] == 401
        status, _, headers = page.ask("GET", "/stats/requests", Authorization=basic("ann:pass:word"))
        assert status == 429 and headers["Retry-After"] == "60"


def test_a_login_form_gives_a_cookie_until_the_logout(service, tmp_path):
    with Page(tmp_path, "--web-login", USER, service=service.port, env={"LOCUST_WEB_AUTH": "ann:secret"}) as page:
        status, _, headers = page.ask("GET", "/")
        assert (status, headers["Location"]) == (303, "/login")
        assert 'action="authenticate"' in page.get("/login") and page.get("/style.css")
        assert page.ask("GET", "/stats/requests")[0] == 401
        status, body, _ = page.ask("POST", "/authenticate", {"username": "ann", "password": "wrong"})
        assert status == 401 and "Invalid username or password" in body
        status, _, headers = page.ask("POST", "/authenticate", {"username": "ann", "password": "secret"})
        assert (status, headers["Location"]) == (303, "/")
        cookie, *attributes = headers["Set-Cookie"].split("; ")
        assert {"HttpOnly", "SameSite=Strict"} <= set(attributes)
        assert page.ask("GET", "/stats/requests", Cookie=cookie)[0] == 200
        page.ask("POST", "/logout", {}, Cookie=cookie)
        assert page.ask("GET", "/stats/requests", Cookie=cookie)[0] == 401


def test_https_needs_a_certificate_and_its_cookie_stays_there(service, tmp_path, certificate):
    files = ("--tls-cert", certificate[0], "--tls-key", certificate[1])
    with Page(tmp_path, "--web-login", *files, USER, service=service.port, tls=certificate[0], host="localhost",
              env={"LOCUST_WEB_AUTH": "ann:secret"}) as page:
        assert f"https://127.0.0.1:{page.port}/" in page.text()
        headers = page.ask("POST", "/authenticate", {"username": "ann", "password": "secret"})[2]
        cookie, *attributes = headers["Set-Cookie"].split("; ")
        assert "Secure" in attributes
        answer = page.ask("POST", "/swarm", {"user_count": 1, "spawn_rate": 1}, Cookie=cookie, Origin=f"https://localhost:{page.port}")
        assert answer[0] == 200 and json.loads(answer[1])["success"], answer


def test_a_base_path_is_before_every_path(service, tmp_path):
    with Page(tmp_path, "--web-base-path", "/load/", USER, service=service.port) as page:
        assert page.ask("GET", "/load")[2]["Location"] == "/load/"
        assert "templateArgs" in page.get("/load/") and page.json("/load/stats/requests")["state"] == "ready"
        assert page.ask("GET", "/stats/requests")[0] == 404
        assert f":{page.port}/load/" in page.text()


def test_an_address_that_others_reach_is_warned_of_without_a_login(service, tmp_path):
    with Page(tmp_path, "--web-host", "*", USER, service=service.port) as page:
        assert "Other machines can open the page" in page.text()
    with Page(tmp_path, "--web-host", "0.0.0.0", USER, service=service.port, env={"LOCUST_WEB_AUTH": "ann:secret"}) as page:
        assert "Other machines can open the page" not in page.text() and "unencrypted" in page.text()


def test_only_this_machine_reaches_the_page_by_default(served):
    with open("/proc/net/tcp", encoding="ascii") as sockets:
        listening = [line.split()[1] for line in sockets if line.split()[3] == "0A"]
    assert [address for address in listening if address.endswith(f":{served.port:04X}")] == [f"0100007F:{served.port:04X}"]


def test_a_port_in_use_is_named_at_the_start(served, service):
    done = swarm.run(service.port, "k" * 64, "--web-port", served.port, USER)
    assert done.returncode == 1 and f"cannot listen on 127.0.0.1:{served.port}" in done.stderr and "--web-port" in done.stderr


def test_slow_clients_and_large_requests_disturb_nobody(service, tmp_path):
    with Page(tmp_path, "--no-wait", USER, service=service.port) as page:
        assert page.start(2, 2)["success"]
        slow = []
        for _ in range(40):
            slow.append(socket.create_connection(("127.0.0.1", page.port)))
            slow[-1].sendall(b"GET /stats/report HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 3)  # and never reads
        for _ in range(200):  # more than the server keeps, with half a request each
            slow.append(socket.create_connection(("127.0.0.1", page.port)))
            slow[-1].sendall(b"GET / HTTP/1.1\r\nHos")
        page.wait_for(lambda: page.ask("GET", "/stats/requests")[0] == 200)
        before = page.total()["num_requests"]
        page.wait_for(lambda: page.total()["num_requests"] > before + 200)
        for connection in slow:
            connection.close()
        assert page.ask("POST", "/swarm", {"user_count": "1" * 70_000})[0] == 413
        assert page.ask("GET", "/" + "x" * 20_000)[0] == 431
        assert page.ask("POST", "/swarm", [("x", "1")] * 300)[0] == 400
