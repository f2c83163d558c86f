"""Commands that cannot do what they are asked: each ends with a status and one line of explanation, and none crashes. Plain
mistakes in arguments are in test_command_line.py."""

import os
import subprocess

import pytest

from support.program import binary, environment


def command(*arguments, cwd=None, preexec=None, env=None):
    return subprocess.run([binary(), *arguments], env=environment(env), cwd=cwd, preexec_fn=preexec, timeout=60,
                          capture_output=True, stdin=subprocess.DEVNULL, check=False)


def check_refused(done, statuses=(1, 2)):
    """One line; a second one, which points to --help, where the arguments themselves are wrong."""
    lines = done.stderr.splitlines()
    assert done.returncode in statuses, done
    assert lines[0].startswith(b"triggers: ") and len(lines) == done.returncode, done
    assert done.returncode == 1 or lines[1] == b"Run with --help for more information."


@pytest.fixture
def store(tmp_path):
    """A data directory with a store."""
    done = command("keys", "create", "--data-dir", tmp_path / "data", "--user-id", "u")
    assert done.returncode == 0, done
    return tmp_path / "data"


@pytest.fixture
def gone(tmp_path):
    """For preexec: the working directory is removed under the program."""
    folder = tmp_path / "gone"

    def leave():
        folder.mkdir()
        os.chdir(folder)
        folder.rmdir()

    return leave


def test_a_backup_without_a_name_is_refused(store):
    done = command("backup", "--data-dir", store, "")
    assert done.stderr == b"triggers: the directory of the backup is empty: name one that does not exist yet\n"
    assert done.returncode == 1


def test_a_relative_name_in_a_working_directory_that_is_gone_is_refused(store, gone):
    done = command("backup", "--data-dir", store, "copy", preexec=gone)
    check_refused(done, statuses=(1,))
    assert b"name it with a path that begins with /" in done.stderr


def test_an_absolute_name_works_there(store, gone, tmp_path):
    assert command("backup", "--data-dir", store, tmp_path / "copy", preexec=gone).returncode == 0
    assert (tmp_path / "copy" / "FORMAT").exists()


def test_every_command_ends_in_a_working_directory_that_is_gone(tmp_path):
    """./data, which they take, cannot be there."""
    for number, arguments in enumerate((["keys", "list"], ["keys", "create", "--user-id", "u"], ["serve", "--port", "0"],
                                        ["backup", "copy"], ["backup", "/nowhere/copy"],
                                        ["config", "--config", "triggers.conf"])):
        folder = tmp_path / f"gone{number}"
        folder.mkdir()

        def leave(folder=folder):
            os.chdir(folder)
            folder.rmdir()

        check_refused(command(*arguments, preexec=leave), statuses=(1,))


hostile = [b"", b"\xff\xfe\x80", b"%s%n%x", b"x" * 5000, b"/dev/null", b"/proc/nowhere", b"FILE", b"FILE/below", b"DIR"]


@pytest.mark.parametrize("text", hostile, ids=lambda text: repr(text[:12]))
def test_no_argument_ends_a_command_by_a_signal(store, tmp_path, text):
    file, folder = tmp_path / "file", tmp_path / "folder"
    file.write_text("not what is looked for")
    folder.mkdir()
    text = text.replace(b"FILE", os.fsencode(file)).replace(b"DIR", os.fsencode(folder))
    nowhere = tmp_path / "nowhere"
    takes = [
        (["backup", "--data-dir", store, text], (1, 2)),
        (["backup", "--data-dir", text, tmp_path / "copy"], (1, 2)),
        (["keys", "list", "--data-dir", text], (1, 2)),
        (["keys", "show", "--data-dir", store, text], (1, 2)),
        (["keys", "revoke", "--data-dir", store, text], (1, 2)),
        (["keys", "create", "--data-dir", file, "--user-id", text], (1, 2)),
        (["keys", "create", "--data-dir", store, "--user-id", "u", "--expires", text or b"-"], (1, 2)),
        (["keys", "rotate", "--data-dir", store, "key_1", "--grace", text], (1, 2)),
        (["tables", "delete", "--yes-delete", text], (1, 2)),
        (["serve", "--data-dir", nowhere, "--host", text or b" "], (1, 2)),
        (["serve", "--data-dir", nowhere, "--port", text or b"-"], (1, 2)),
        (["serve", "--data-dir", nowhere, "--tls-cert", text or b"-", "--tls-key", text or b"-"], (1, 2)),
        ([text], (1, 2)),
    ]
    if text not in (b"", b"%s%n%x", b"\xff\xfe\x80") and text != os.fsencode(folder):  # There a store could be made.
        takes.append((["serve", "--port", "0", "--data-dir", text], (1, 2)))
    if text not in (b"", b"/dev/null"):
        takes.append((["config", "--config", text], (1, 2)))
    for number, (arguments, statuses) in enumerate(takes):
        place = tmp_path / f"place{number}"
        place.mkdir()
        done = command(*arguments, cwd=place)
        # A store is copied into a name that has a place, whatever it is.
        if arguments[0] == "backup" and done.returncode == 0:
            continue
        check_refused(done, statuses)


def test_memory_that_runs_out_is_a_line_and_1(tmp_path):
    """The address space is enough for the program, and for little more."""
    outcomes = set()
    for mebibytes in (64, 96, 128, 192, 256):
        done = subprocess.run(["prlimit", f"--as={mebibytes * 1024 * 1024}", binary(), "keys", "create", "--data-dir",
                               tmp_path / f"data{mebibytes}", "--user-id", "u"], env=environment(), timeout=60,
                              capture_output=True, stdin=subprocess.DEVNULL, check=False)
        outcomes.add(done.returncode)
        assert done.returncode in (0, 1, 127) or b"ended by an exception that nothing caught" in done.stderr, done
    assert 1 in outcomes or 127 in outcomes, "no limit was tight enough to test anything"
