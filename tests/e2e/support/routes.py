"""Every path and method of the API, read from the router's own table, so that a new one cannot be forgotten."""

import re

from .program import repository


def paths():
    """{path: set of methods} from the router; `{id}` stands for one segment."""
    source = (repository / "src/api/exchange/router.cc").read_text(encoding="utf-8")
    found = re.findall(r'Path\{"([^"]+)",\s*"([^"]+)"', source)
    assert len(found) > 10, "router.cc no longer looks as this expects"
    return {path: set(methods.split(", ")) for path, methods in found}


def endpoints():
    """(method, path) of every endpoint, in the router's order; HEAD and OPTIONS are not endpoints of their own."""
    return [(method, path) for path, methods in paths().items() for method in sorted(methods - {"HEAD", "OPTIONS"})]
