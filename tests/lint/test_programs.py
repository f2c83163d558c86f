"""Each program that ctest runs is built in every lane: the sanitizers' lanes build only the target `test_programs`."""

import pathlib
import re

import tracked

rule = pathlib.PurePosixPath("cmake/TestPrograms.cmake")


def names_of_test_programs():
    """The names that cmake/TestPrograms.cmake takes into the target."""
    match = re.search(r'type STREQUAL "EXECUTABLE" AND target MATCHES "([^"]+)"', tracked.text(rule))
    assert match, f"{rule} has another form: mend this test"
    return re.compile(match[1])


def commands():
    for path in tracked.files():
        if path.name == "CMakeLists.txt" or path.suffix == ".cmake":
            for command in re.findall(r"add_test\([^)]*?COMMAND\s+(\S+?)[\s)]", tracked.text(path)):
                yield path, command


def test_every_program_of_ctest_is_a_test_program():
    found = list(commands())
    assert len(found) >= 5
    names = names_of_test_programs()
    assert not [f"{path}: {command}" for path, command in found if not names.search(command)]
