"""The page of `swarm` in Debian's Chromium, and Locust's own front-end in front of the same server. What is clicked and
claimed is in tests/page."""

import pathlib
import shutil
import subprocess

import pytest

from support.page import Page
from support.program import environment, repository

driver, front_end, check = (repository / "build" / name for name in ("page-tests", "locust-ui", "page-check"))


def run(script, *arguments):
    """Runs a script of tests/page where its packages are. Its output is the error of a failed test."""
    assert (driver / "node_modules").is_dir(), f"{driver} is not there; run scripts/fetch_page_tests.sh"
    assert shutil.which("chromium"), "chromium is not there; run scripts/install_packages.sh test"
    for source in (repository / "tests/page").glob("*.js"):
        shutil.copy(source, driver)
    done = subprocess.run(["node", driver / script, *map(str, arguments)], env=environment(), capture_output=True, text=True,
                          timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def page(shared_server, tmp_path):
    key = shared_server.create_key(user_id="page", rate_limit="unlimited", role="creator")["api_key"]
    with Page(tmp_path, "--users", 5, "--spawn-rate", 5, service=shared_server.port, key=key) as started:
        yield started


def test_a_person_starts_watches_edits_and_stops_a_test(page, shared_server, tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    run("swarm_page.js", page.url + "/", f"http://127.0.0.1:{shared_server.port}", images)
    assert len(list(images.glob("*.png"))) == 17


def test_locusts_own_front_end_starts_watches_edits_and_stops_a_test(page, shared_server):
    assert (front_end / "webui.js").exists(), f"{front_end} is not there; run scripts/fetch_page_tests.sh"
    run("locust_ui.js", page.url + "/", f"http://127.0.0.1:{shared_server.port}", front_end)


def test_the_pages_code_is_free_of_type_errors():
    compiler = check / "node_modules/typescript/bin/tsc"
    assert compiler.exists(), f"{compiler} is not there; run scripts/fetch_page_tests.sh"
    for source in pathlib.Path(repository / "web/swarm").iterdir():
        if source.suffix in (".js", ".json") and not source.name.startswith("package"):
            shutil.copy(source, check)
    done = subprocess.run(["node", compiler, "--project", check], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
