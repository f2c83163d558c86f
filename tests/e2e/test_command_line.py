"""The command line of `triggers`: help, version, and clear errors for arguments that it does not know or output that it cannot
write. Commands that fail for other reasons are in test_hostile_arguments.py."""

import os
import re
import resource
import subprocess

import pytest

from support.program import binary, environment, run


def test_help_and_version_are_there():
    assert re.fullmatch(r"triggers \d+\.\d+\.\d+\S*\n", run("--version").stdout)
    for command in ([], ["serve"], ["keys"], ["keys", "create"], ["backup"], ["config"], ["send"], ["inboxes"], ["inboxes", "create"]):
        done = run(*command, "--help")
        assert done.returncode == 0 and len(done.stdout) > 100


def test_a_limit_of_file_sizes_is_an_error_of_a_command_too(tmp_path):
    with open(tmp_path / "options", "wb") as file:
        done = subprocess.run([binary(), "config"], stdout=file, stderr=subprocess.PIPE, env=environment(), text=True,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)), timeout=60,
                              check=False)
    assert (done.returncode, done.stderr) == (1, "triggers: cannot write to standard output\n")


@pytest.mark.parametrize("arguments, meant", [
    (["serve", "--prot", "9000"], "--port"), (["serve", "--prot=9000"], "--port"), (["srve"], "serve"), (["keys", "creat"], "create"),
    (["keys", "create", "--user-idd", "x"], "--user-id"), (["keys", "list", "--data_dir", "x"], "--data-dir"),
    (["backup", "x", "--data-dri", "y"], "--data-dir")], ids=str)
def test_an_unknown_name_is_refused_with_the_nearest_one(arguments, meant):
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0].endswith(f"; did you mean {meant}?"), done.stderr
    assert "did you mean" not in run("serve", "--zzzzzzz").stderr


@pytest.mark.parametrize("arguments, words", [
    ([], "subcommand"), (["frob"], "frob is not known"), (["keys", "frob"], "frob is not known"),
    (["keys", "create"], "--user-id is required"), (["serve", "--frob"], "--frob"), (["backup"], "directory is required"),
    (["backup", os.fsdecode(b"\xff")], "directory: it must be UTF-8")])
def test_arguments_that_are_wrong_are_named(arguments, words):
    done = run(*arguments)
    assert done.returncode == 2 and done.stdout == ""
    first, second = done.stderr.splitlines()
    assert first.startswith("triggers: ") and words in first
    assert "--help" in second
