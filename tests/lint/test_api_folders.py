"""Folders of src/api depend in one direction, and an endpoint sees only what its own struct names."""

import re

import tracked

# Each may include those before it; files of src/api itself may include all.
order = ["keys", "exchange", "admission", "endpoints"]

# What would show an endpoint everything.
too_much = {"api/services.h", "api/dispatcher.h", "api/api.h", "config/config.h"}


def product_sources(folder):
    """Without the tests: some run a whole service."""
    return [path for path in tracked.sources() if path.parts[:3] == ("src", "api", folder)
            and not re.search(r"(^test_|_test\.cc$|_bench\.cc$)", path.name)]


def test_folders_of_the_api_include_only_folders_before_them():
    wrong = []
    for folder in order:
        assert product_sources(folder), f"src/api/{folder} is gone"
        allowed = order[:order.index(folder) + 1]
        for path in product_sources(folder):
            for line, name, _ in tracked.includes(path):
                parts = name.split("/")
                if parts[0] == "api" and (len(parts) == 2 or parts[1] not in allowed):
                    wrong.append(f'{path}:{line}: "{name}"')
    assert not wrong, "\n".join(["includes against the order " + " ".join(order), *wrong])


def test_no_endpoint_sees_all_services_or_the_whole_configuration():
    wrong = [f'{path}:{line}: "{name}"' for folder in order for path in product_sources(folder)
             for line, name, _ in tracked.includes(path) if name in too_much]
    assert not wrong, "\n".join(["these show more than an endpoint uses; pass what it needs in a struct of its own:",
                                 *wrong])
