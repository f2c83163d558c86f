"""Every path and method of the API, read from its own table of endpoints, so that a new one cannot be forgotten."""

import re

from .program import repository

methods_named = {"get": {"GET", "HEAD"}, "post": {"POST"}, "put": {"PUT"}, "patch": {"PATCH"}, "del": {"DELETE"}}


# The embedded store keeps only the inbox `default` so far. The paths of inboxes then do not exist; the tests in src/api
# have another store.
serves_inboxes = False


def all_paths():
    """{path: set of methods} from the table, as `Allow` has them; `{name}` and `{id}` stand for one segment."""
    source = (repository / "src/api/exchange/endpoint_table.h").read_text(encoding="utf-8")
    found = re.findall(r'\{http::Method::(\w+), "([^"]+)", Endpoint::', source)
    assert len(found) > 10, "endpoint_table.h no longer looks as this expects"
    methods = {}
    for method, path in found:
        methods.setdefault(path, {"OPTIONS"}).update(methods_named[method])
    return methods


def paths():
    """Those of all_paths() that the embedded server has."""
    return {path: methods for path, methods in all_paths().items() if serves_inboxes or not path.startswith("/inboxes")}


def endpoints_of(methods_of_paths):
    """(method, path) of every endpoint, in the table's order; HEAD and OPTIONS are not endpoints of their own."""
    return [(method, path) for path, methods in methods_of_paths.items() for method in sorted(methods - {"HEAD", "OPTIONS"})]


def endpoints():
    """Every endpoint that the embedded server has."""
    return endpoints_of(paths())


def all_endpoints():
    """Every endpoint, also those that need a store with inboxes."""
    return endpoints_of(all_paths())
