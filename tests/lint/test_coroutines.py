"""g++ 12 destroys some temporaries of a co_await expression twice: those made by braces, by ?: and a lambda with
captures that is passed where it is written. The cure is to name them in a statement before, so no such statement may exist.
The same holds for two more of its mistakes: a temporary in a condition, and a co_await that is to run only sometimes."""

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


condition_head = re.compile(r"\b(?:if|while|for|switch)\s*\($")
other_head = re.compile(r"[\w>)\]]\s*\($|\bco_return\b$")
call = re.compile(r"\b(?!move\()(?!sizeof\()\w+\s*\(")
short_circuit = re.compile(r"&&|\|\||\?")


def enclosing(text, position):
    """The head of what a co_await stands in directly, up to its bracket or keyword, and what is between the two."""
    depth = 0
    for start in range(position - 1, -1, -1):
        if text[start] in closing:
            depth += 1
        elif text[start] in opening:
            depth -= 1
            if depth < 0:
                return text[max(0, start - 40):start + 1].rstrip(), text[start + 1:position]
        elif depth == 0 and text[start] == ";":
            return "", text[start + 1:position]
        elif depth == 0 and text.startswith("co_return", start):
            return "co_return", text[start + len("co_return"):position]
    return "", text[:position]


def fault_of_place(text, position, awaited):
    """Why g++ 12 may not find a co_await at this place; None if it may."""
    head, before = enclosing(text, position)
    condition = before if condition_head.search(head) else ""
    if head == "" and re.search(r"\bfor\s*\([^;]*;$", text[:position - len(before)]):
        condition = before  # the middle of a `for`
    declares = re.search(r"[^=!<>]=(?!=)|:", condition)
    arguments = awaited.partition("(")[2]
    if (condition or condition_head.search(head)) and not declares and call.search(arguments):
        return "a temporary in a condition, whose coroutine is never resumed"
    if not condition_head.search(head) and other_head.search(head) and short_circuit.search(before.rpartition(",")[2]):
        return "a co_await that runs although what is before && || ? says that it does not"
    return None


def faults(text):
    clean = without_comments_and_literals(text)
    for match in re.finditer(r"(?<!operator )\bco_await\b", clean):
        awaited = operand(clean, match.end())
        found = fault(awaited) or fault_of_place(clean, match.start(), awaited)
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
    "if (co_await f(std::string(1, c))) return;",
    "while (co_await writer.write(make())) ++n;",
    "if (a && !co_await f(g(b))) return;",
    "for (int i = 0; co_await f(g(i)); ++i) h();",
    "co_return a && co_await f(b);",
    "co_return a(b) || co_await f(b);",
    "co_return a ? b : co_await f(b);",
    "use(a && co_await f(b));",
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
    "if (a && co_await f(b)) return;",
    "if (!co_await f(std::move(b))) co_return a && b;",
    "if (const auto x = co_await f(g(b)); !x) return;",
    "while (!done()) co_await f(g(b));",
    "if (a || b) co_return co_await f(g(b));",
    "const bool x = a && co_await f(b);",
    "x = x && co_await f(b);",
    "for (int i = 0; i < 3 && !a; ++i) b = co_await f(std::string(1, c));",
    "use(a && b, co_await f(b));",
])
def test_rule_lets_pass(good):
    assert not list(faults(good))


def test_no_coroutine_makes_what_is_destroyed_twice():
    wrong = [f"{path}:{line}: {found}" for path in tracked.sources() for line, found in faults(tracked.text(path))]
    assert not wrong, "\n".join(wrong)
