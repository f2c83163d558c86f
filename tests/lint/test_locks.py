"""Locks are those of base/mutex.h, whose annotations tell clang (-Wthread-safety) what each lock guards; no comment says it
instead. Every thread has a name, and docs/architecture.md lists it."""

import re

import tracked

locks = re.compile(r"\bstd::(?:recursive_|timed_|recursive_timed_|shared_|shared_timed_)?mutex\b"
                   r"|\bstd::condition_variable(?:_any)?\b|\bstd::(?:lock_guard|unique_lock|scoped_lock|shared_lock)\b"
                   r"|\bpthread_(?:mutex|rwlock|spin|cond)_\w+")
comment = re.compile(r"//.*\b(?:guarded by|guards (?:all|the|these|those)\b|(?:lock|mutex_?) (?:is|must be) held|holds the lock\b"
                     r"|with the lock held)", re.IGNORECASE)
wrappers = "src/base/mutex.h"
words = "src/base/thread_annotations.h"


def findings(pattern, but_for):
    return [f"{path}:{number}: {line.strip()}" for path in tracked.sources() if str(path) not in but_for
            for number, line in enumerate(tracked.text(path).splitlines(), 1) if pattern.search(line)]


def test_locks_are_those_that_clang_checks():
    wrong = findings(locks, {wrappers})
    assert not wrong, "\n".join(["use Mutex, MutexLock, Condition, SharedMutex, ReaderLock and WriterLock of base/mutex.h:", *wrong])


def test_no_comment_says_what_an_annotation_says():
    wrong = findings(comment, {wrappers, words})
    assert not wrong, "\n".join(["say it with GUARDED_BY or REQUIRES (base/thread_annotations.h):", *wrong])


def test_every_mutex_guards_something():
    """A member that is a mutex is named by an annotation in its file: without one, clang checks nothing."""
    member = re.compile(r"^\s+(?:mutable )?(?:Shared)?Mutex (\w+)(?: ACQUIRED_BEFORE\(\w+\))?;")
    wrong = []
    for path in tracked.sources():
        text = tracked.text(path)
        for name in (match[1] for line in text.splitlines() if (match := member.match(line))):
            if not re.search(rf"(?:GUARDED_BY|REQUIRES|REQUIRES_SHARED|ACQUIRED_BEFORE|mutex_of)\((?:\w+->)?{name}\)", text) and \
               str(path) not in guards_no_member:
                wrong.append(f"{path}: {name}")
    assert not wrong, "\n".join(["no GUARDED_BY names these:", *wrong])


# A mutex that guards no member, and what it is for.
guards_no_member = {
    "src/base/stoppable_sleep.cc": "local: it only makes a wait and its wake-up meet",
    "src/limit/failure_limiter.cc": "one of many locks, each for a part of the table: REQUIRES(mutex_of(set))",
    "src/metrics/registry.cc": "lets one exposition run at a time; the other mutex of that file has its GUARDED_BY",
    "src/base/thread_annotations.h": "the words",
    "swarm/load/load_generator_test.cc": "local to a test: clang takes no annotation of a local variable",
    "tests/crash/crash_test.cc": "of a file",
    "tests/dynamo/racing_writers_test.cc": "local to a test",
    "tests/dynamo/settings_test.cc": "local to a test",
}


def test_the_list_names_only_what_is_there():
    here = {str(path) for path in tracked.sources()}
    assert set(guards_no_member) <= here, sorted(set(guards_no_member) - here)


def named_threads():
    """(file, name) of every call that names a thread by a literal."""
    call = re.compile(r'\bname_thread\("([^"]+)"(, )?')
    for path in tracked.sources():
        if path.parts[0] in ("src", "swarm", "apps") and not path.stem.endswith("_test"):
            for match in call.finditer(tracked.text(path)):
                yield path, match[1] + ("-N" if match[2] else "")


def test_the_architecture_lists_the_name_of_each_thread():
    document = (tracked.root / "docs/architecture.md").read_text(encoding="utf-8")
    names = {name for _, name in named_threads()}
    assert {"committer", "io-N", "load-N"} <= names
    missing = [name for name in sorted(names) if f"`{name}`" not in document]
    assert not missing, f"docs/architecture.md does not name these threads: {missing}"
