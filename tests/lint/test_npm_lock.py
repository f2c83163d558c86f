"""The lock files of npm's packages hold for each machine: no registry's address, a hash for each package, Debian's Node.js."""

import json
import re

import tracked

node_major = 18  # Debian 12.


def locks():
    return [tracked.root / path for path in tracked.files() if str(path).endswith("package-lock.json")]


def allows(range_of_versions, major):
    """Whether an `engines` range has a version of that major: as far as the packages that we have write it."""
    for part in range_of_versions.split("||"):
        least = [int(number) for number in re.findall(r"(?:>=|\^|~|^)\s*v?(\d+)", part.strip())]
        most = [int(number) for number in re.findall(r"<\s*v?(\d+)", part)]
        exact = re.match(r"\s*\^", part) is not None
        if (not least or (least[0] == major if exact else least[0] <= major)) and (not most or major < most[0]):
            return True
    return False


def test_lock_files_are_there_and_name_no_registry():
    assert locks()
    for path in locks():
        assert '"resolved"' not in path.read_text(encoding="utf-8"), path
        assert "omit-lockfile-registry-resolved=true" in (path.parent / ".npmrc").read_text(encoding="utf-8")


def test_each_package_has_its_hash_and_runs_on_debians_node():
    for path in locks():
        packages = json.loads(path.read_text(encoding="utf-8"))["packages"]
        for name, package in packages.items():
            assert not name or package["integrity"].startswith("sha512-"), name
            engines = package.get("engines", {})
            wanted = engines.get("node", "") if isinstance(engines, dict) else ""
            assert allows(wanted, node_major), f"{path}: {name} wants Node.js {wanted}"


def test_the_check_of_ranges_sees_what_is_too_new():
    for good in ("", "*", ">=18.17.0", ">= 10", "^14.15.0 || ^16.10.0 || >=18.0.0", ">=4", "^18", "6.* || 8.* || >= 10.*"):
        assert allows(good, node_major), good
    for bad in (">= 20.16.0", ">=22.12.0 || >=20.19.0 <21.0.0", "^20", ">=14 <18"):
        assert not allows(bad, node_major), bad
