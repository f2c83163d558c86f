#!/usr/bin/python3
"""recent_sources.py MAX: prints at most MAX sources that changed last, for clang-tidy; says on standard error what it left out.

What counts as changed: what is not committed, and the commits since
  - the merge base with the default branch, on a branch that has commits of its own;
  - the last release tag before HEAD, on the default branch;
  - the first commit that the clone has, if there is no such tag. In a clone of depth 1 one commit holds every file.
Newer commits come first, so that a new change is always looked at. In a commit the products come before the tests, and
then the largest change comes first.
A header is looked at through its own source, or through the first source that includes it.
"""

import pathlib
import re
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parents[1]
default_branches = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


def git(*arguments):
    """Lines that git prints; none if it fails."""
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else []


def base():
    """(commit, what it is); no commit: the whole history."""
    for branch in default_branches:
        if not git("rev-parse", "--verify", "--quiet", f"{branch}^{{commit}}"):
            continue
        merge_base = git("merge-base", branch, "HEAD")
        if merge_base and merge_base != git("rev-parse", "HEAD"):
            return merge_base[0], f"the merge base with {branch}"
        break
    tag = git("describe", "--tags", "--abbrev=0", "HEAD^")
    return (tag[0], f"the release {tag[0]}") if tag else (None, "the first commit of this clone")


def is_of_tests(name):
    return name.startswith("tests/") or name.endswith("_test.cc")


def changes(since):
    """Names of changed files in the order that is said above. Names may repeat."""
    untracked = [f"{len((root / name).read_bytes().splitlines())}\t0\t{name}" for name in
                 git("ls-files", "--others", "--exclude-standard", "*.cc", "*.h")]
    log = git("log", "--no-renames", "--numstat", "--format=tformat:commit", *([f"{since}..HEAD"] if since else []), "--", "*.cc", "*.h")
    for commit in "\n".join(["", *git("diff", "--no-renames", "--numstat", "HEAD", "--", "*.cc", "*.h"), *untracked, *log]).split("commit\n"):
        rows = [line.split("\t") for line in commit.splitlines() if line.count("\t") == 2]
        yield from (name for _, _, name in sorted(rows, key=lambda row: (is_of_tests(row[2]), -int(row[0]) - int(row[1]))))


def source_of(header, sources):
    """The source of the same name, or the first that includes the header, rather one that is not a test; None without any."""
    if header.with_suffix(".cc") in sources:
        return header.with_suffix(".cc")
    name = re.escape(str(header).removeprefix("src/"))
    included = re.compile(rf'^\s*#\s*include\s+"(?:{name}|{re.escape(header.name)})"', re.MULTILINE)
    found = [path for path in sources if included.search((root / path).read_text(encoding="utf-8"))]
    return min(found, key=lambda path: (is_of_tests(str(path)), path), default=None)


def main():
    limit = int(sys.argv[1])
    since, what = base()
    sources = {path for path in map(pathlib.PurePosixPath, git("ls-files", "--cached", "--others", "--exclude-standard", "*.cc"))
               if (root / path).exists()}
    changed = {}  # keeps the order
    for path in map(pathlib.PurePosixPath, changes(since)):
        if (root / path).exists():
            source = path if path.suffix == ".cc" else source_of(path, sources)
            changed.setdefault(source)
    names = [str(path) for path in changed if path]
    print(f"dev: {len(names)} sources have changed since {what}; looking at {min(limit, len(names))}", file=sys.stderr)
    if names[limit:]:
        print(f"dev: not looked at, because they changed earlier (`./dev lint` looks at all): {' '.join(names[limit:])}", file=sys.stderr)
    print("".join(f"{name}\n" for name in names[:limit]), end="")


if __name__ == "__main__":
    main()
