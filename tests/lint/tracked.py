"""The files of the project, as git knows them (tracked ones and new ones that are not ignored), their text and their
includes."""

import functools
import pathlib
import re
import subprocess

root = pathlib.Path(__file__).resolve().parents[2]


@functools.cache
def files(*suffixes):
    """Paths relative to the root that end in one of the suffixes, sorted; all files if none is given."""
    names = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                           capture_output=True, check=True, text=True).stdout.split("\0")
    found = (pathlib.PurePosixPath(name) for name in sorted(set(names)) if name)
    return [path for path in found if (not suffixes or path.suffix in suffixes) and (root / path).is_file()]


def sources():
    """Every .cc and .h."""
    return files(".cc", ".h")


@functools.cache
def text(path):
    return (root / path).read_text(encoding="utf-8")


def includes(path):
    """(line number, name, True if in quotes) of every #include."""
    pattern = re.compile(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
    for number, line in enumerate(text(path).splitlines(), 1):
        match = pattern.match(line)
        if match:
            yield number, match[1] or match[2], match[1] is not None
