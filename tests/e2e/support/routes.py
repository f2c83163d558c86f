"""Every path and method of the API, read from its own table of endpoints, so that a new one cannot be forgotten."""

import re

from .program import repository

methods_named = {"get": {"GET", "HEAD"}, "post": {"POST"}, "put": {"PUT"}, "patch": {"PATCH"}, "del": {"DELETE"}}


def paths():
    """{path: set of methods} from the table, as `Allow` has them; `{name}` and `{id}` stand for one segment."""
    source = (repository / "src/api/exchange/endpoint_table.h").read_text(encoding="utf-8")
    found = re.findall(r'\{http::Method::(\w+), "([^"]+)", Endpoint::', source)
    assert len(found) > 10, "endpoint_table.h no longer looks as this expects"
    methods = {}
    for method, path in found:
        methods.setdefault(path, {"OPTIONS"}).update(methods_named[method])
    return methods


def endpoints():
    """(method, path) of every endpoint, in the table's order; HEAD and OPTIONS are not endpoints of their own."""
    return [(method, path) for path, methods in paths().items() for method in sorted(methods - {"HEAD", "OPTIONS"})]
