"""g++ 12 destroys some temporaries of a co_await expression twice: those made by braces, by ?: and a lambda with
captures that is passed where it is written. The cure is to name them in a statement before, so no such statement may exist."""

import re

import pytest
import tracked

opening, closing = "([{", ")]}"


def without_comments_and_literals(text):
    """The text with comments blank and the insides of literals gone; lines and lengths stay."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\((?:.*?)\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])*\'',
                         re.S)
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def operand(text, start, ends=";,"):
    """What a co_await awaits: from start to the end of its expression, i.e. a `;`, a `,` or a bracket that closes more than
    was opened. The body of a lambda is read to its closing brace."""
    depth = 0
    for position in range(start, len(text)):
        character = text[position]
        if character in opening:
            depth += 1
        elif character in closing:
            depth -= 1
            if depth < 0:
                return text[start:position]
        elif character in ends and depth == 0:
            return text[start:position]
    return text[start:]


lambda_head = re.compile(r"\[([^\[\]]*)\]\s*(?:\([^()]*\)\s*)?(?:mutable\s*|noexcept\s*)*(?:->[^{};]*)?\{")


def keeps_nothing(captures):
    """True for captures without a destructor: none, `this`, and references."""
    return all(capture.strip() in ("", "this") or capture.strip().startswith("&") for capture in captures.split(","))


def fault(awaited):
    """Why g++ 12 may not be given this operand; None if it may."""
    while match := lambda_head.search(awaited):
        if not keeps_nothing(match[1]):
            return "a lambda that captures by value and has no name"
        # Its body is code of its own.
        body = operand(awaited, match.end(), "")
        awaited = awaited[:match.start()] + "lambda" + awaited[match.end() + len(body) + 1:]
    if "{" in awaited:
        return "a braced temporary"
    if "?" in awaited.partition("(")[2]:
        return "?: in the arguments"
    return None


def faults(text):
    clean = without_comments_and_literals(text)
    for match in re.finditer(r"(?<!operator )\bco_await\b", clean):
        found = fault(operand(clean, match.end()))
        if found:
            yield clean.count("\n", 0, match.start()) + 1, found


@pytest.mark.parametrize("bad", [
    "co_await f(a ? b : c);",
    "auto x = co_await f(\n    g(1),\n    a ? b\n      : c);",
    "co_await f(T{1, 2});",
    "if (co_await store.append({.id = 1})) return;",
    "co_await f(std::vector<int>{});",
    "co_await T{1};",
    "co_await run([x] { return x; });",
    "co_await run([this] { return T{1}; }, T{2});",
    "co_await run([x = 1](int y) mutable -> int { return x + y; });",
])
def test_rule_finds(bad):
    assert list(faults(bad))


@pytest.mark.parametrize("good", [
    "co_await f(std::move(named));",
    "if (!co_await f(a)) { return T{1}; }",
    "const auto x = a ? co_await f(b) : 0;",
    "for (auto& y : co_await f(b)) { g({1}); }",
    'co_await f("what? {1}");  // T{1} ? a : b',
    "Task t = [&]() -> Task { co_await f(a); T{1}; }();",
    "auto operator co_await() { return Awaiter{}; }",
    "co_await Wait([this](auto done) { timer_.wait(T{1}, done); });",
    "const Wanted w{co_await f(a), b ? c : d};",
])
def test_rule_lets_pass(good):
    assert not list(faults(good))


def test_no_coroutine_makes_what_is_destroyed_twice():
    wrong = [f"{path}:{line}: {found}" for path in tracked.sources() for line, found in faults(tracked.text(path))]
    assert not wrong, "\n".join(wrong)
