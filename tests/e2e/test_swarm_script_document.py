"""docs/swarm-scripts.md: each of its scripts runs, and its commands have options that swarm has."""

import json
import re

import pytest

from support import swarm
from support.delaying_server import DelayingServer
from support.program import repository

DOCUMENT = (repository / "docs/swarm-scripts.md").read_text(encoding="utf-8")
SCRIPTS = re.findall(r"```lua\n(.*?)```", DOCUMENT, re.DOTALL)


def test_it_has_scripts():
    assert len(SCRIPTS) >= 6


@pytest.mark.parametrize("text", SCRIPTS, ids=lambda text: re.search(r'user\("(\w+)"', text)[1])
def test_a_script_of_the_document_runs_without_a_failure(text, tmp_path):
    (tmp_path / "load.lua").write_text(text, encoding="utf-8")
    (tmp_path / "people.csv").write_text("name,town\nAnn,Rome\n\"Li, Wei\",Bern\nBo,Oslo\n", encoding="utf-8")
    with DelayingServer() as server:
        done = swarm.run(server.port, "k" * 64, "-f", tmp_path / "load.lua", "-u", 3, "-r", 3, "-t", 2, "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert document["total"]["requests"] > 5 and not document["exceptions"] and not document["failures"], document


def test_every_function_that_a_script_has_is_in_the_document(tmp_path):
    (tmp_path / "load.lua").write_text("""
        local names = {}
        for name in pairs(swarm) do names[#names + 1] = name end
        for name in pairs(getmetatable(swarm.user("U")).__index) do names[#names + 1] = name end
        error("NAMES " .. table.concat(names, " "))""", encoding="utf-8")
    said = swarm.run(1, "k", "-f", tmp_path / "load.lua").stderr
    names = said.partition("NAMES ")[2].split("\n")[0].split()
    assert len(names) > 30
    # The prelude takes the tags to the tasks that it lists.
    missing = [name for name in names if name not in ("tags", "excluded_tags") and not re.search(rf"\b{name}\b", DOCUMENT)]
    assert not missing, missing
