"""No test, benchmark or fuzz target is left out of the build, and no source grows without end."""

import json
import os
import pathlib

import tracked

lines_max = 500


def build_dir():
    return pathlib.Path(os.environ.get("TRIGGERS_BUILD_DIR", tracked.root / "build/release"))


def test_every_test_benchmark_and_fuzz_target_is_compiled():
    commands = json.loads((build_dir() / "compile_commands.json").read_text(encoding="utf-8"))
    compiled = {os.path.realpath(os.path.join(command["directory"], command["file"])) for command in commands}
    claims = [path for path in tracked.files(".cc") if path.stem.endswith(("_test", "_bench", "_fuzz"))]
    assert claims
    left_out = [str(path) for path in claims if os.path.realpath(tracked.root / path) not in compiled]
    assert not left_out, "\n".join(["no CMakeLists.txt names these:", *left_out])


def test_no_source_has_too_many_lines():
    lengths = {path: len(tracked.text(path).splitlines()) for path in tracked.sources()}
    assert lengths
    long = [f"{path}: {count} lines" for path, count in lengths.items() if count > lines_max]
    assert not long, "\n".join([f"more than {lines_max}:", *long])
