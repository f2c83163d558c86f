"""A reader learns from the top of each source what belongs in it, and where to look for what does not."""

import ast
import re

import tracked

# A comment directly after `#pragma once`, or at the very top of a .cc.
head = re.compile(r"(?:#pragma once\n\n)?((?://(?!/)[^\n]*\n)+)\n")
# A path in a comment: `server.h`, `store/event_log.h`, `tests/e2e/test_crash.py`.
named = re.compile(r"(?<![\w/.<])[\w/.-]*\w\.(?:h|cc|py|sh)\b(?!\w)")
# The guide prints this file as it is, for readers who know what it is for.
shown_in_the_guide = {"apps/swarm/examples/batch_user.cc"}


def head_of(text):
    """The comment at the top of a file; empty if there is none."""
    found = head.match(text)
    return found[1] if found else ""


def needs_head(path, every):
    """A .cc beside a header of the same name is explained there, a test or benchmark beside what it tests."""
    if str(path) in shown_in_the_guide or path.suffix == ".h":
        return path.suffix == ".h"
    stem = re.sub(r"_(?:test|bench)$", "", path.stem)
    return not any(str(path.with_name(stem + suffix)) in every - {str(path)} for suffix in (".h", ".cc"))


def lost_names(path, comment, every):
    """Files that the comment names and that do not exist: seen from its own folder, the folders above, src/ or the root."""
    folders = [*(str(parent) + "/" for parent in path.parents if str(parent) != "."), "src/", ""]
    return [name for name in named.findall(comment)
            if not any(folder + name in every for folder in folders)]


def test_every_source_says_what_belongs_in_it():
    every = {str(path) for path in tracked.sources()}
    silent = [str(path) for path in tracked.sources() if needs_head(path, every) and not head_of(tracked.text(path))]
    assert not silent, "\n".join(["no comment at the top says what belongs in these files:", *silent])


def test_every_script_says_what_it_is_for():
    silent = [str(path) for path in tracked.files(".py")
              if path.name != "__init__.py" and ast.get_docstring(ast.parse(tracked.text(path))) is None]
    assert not silent, "\n".join(["no docstring says what these are for:", *silent])


def test_every_folder_that_is_built_says_what_it_is():
    silent = [str(path) for path in tracked.files(".txt") if path.name == "CMakeLists.txt" and path.parent.name
              and not tracked.text(path).startswith("# ")]
    assert not silent, "\n".join(["no comment at the top says what the folder is:", *silent])


def test_every_file_that_a_head_names_exists():
    every = {str(path) for path in tracked.files()}
    heads = {**{path: head_of(tracked.text(path)) for path in tracked.sources()},
             **{path: ast.get_docstring(ast.parse(tracked.text(path))) or "" for path in tracked.files(".py")}}
    lost = [f"{path}: {name}" for path, comment in heads.items() for name in lost_names(path, comment, every)]
    assert not lost, "\n".join(["the comment at the top names a file that does not exist:", *lost])


def test_a_missing_head_and_a_lost_name_are_found():
    every = {"src/net/loop.h", "src/net/loop.cc", "src/net/loop_test.cc", "src/net/main.cc", "src/base/task.h"}
    paths = {str(path): path for path in map(type(tracked.sources()[0]), every)}
    assert {name for name, path in paths.items() if needs_head(path, every)} == {
        "src/net/loop.h", "src/net/main.cc", "src/base/task.h"}
    assert head_of("#pragma once\n\n// One thread.\n\n#include <map>\n") == "// One thread.\n"
    assert head_of("#pragma once\n\n#include <map>\n\n// Later.\n\n") == ""
    assert head_of("#pragma once\n\n/// Of a class.\nclass A;\n\n") == ""
    loop = paths["src/net/loop.h"]
    assert lost_names(loop, "// loop.cc, base/task.h, src/base/task.h; net/loop.h.\n", every) == []
    assert lost_names(loop, "// gone.h and base/gone.cc.\n", every) == ["gone.h", "base/gone.cc"]
