"""The products contain nothing that only tests use, or nobody: no function without a use in their objects, and no name of
their headers without a use in their texts. How each is found is in dead_code.py."""

# -Wunused sees this in one source, not across them. Two ways, because neither finds all. An object file names each function
# or variable that its code refers to, so what no object of a product refers to is dead. Functions in headers leave no such
# trace: a name that occurs once in the text of all products is declared and not used. Not found: a virtual function that
# nobody calls, a function that calls only itself, and a header's name that something else has too.

import functools
import os
import pathlib
import subprocess

import pytest

import dead_code
import tracked

# Clang's attributes, all of them, whether they are needed yet or not.
set_of_macros = pathlib.PurePosixPath("src/base/thread_annotations.h")
product_folders = ("src", "swarm", "apps")

# Each name with the reason why it stays although no product uses it.
of_a_library = "a library calls it"
of_the_standard_library = "the standard library declares it"
of_the_language = "the language calls it"
shows_a_bound = "tests show with it that memory stays bounded or is given back; nothing else tells"
seam = "tests wait with it for another thread, instead of sleeping"
compared = "a field that only a defaulted comparison reads"

exceptions = {
    "malloc_conf": "jemalloc reads it",
    "triggers::FairBudget::holders": shows_a_bound,
    "triggers::api::KeyRing::remembered": shows_a_bound,
    "triggers::http::Headers::memory_bytes": shows_a_bound,
    "triggers::limit::RateBuckets::size": shows_a_bound,
    "triggers::store::RoutesCache::bytes": shows_a_bound,
    "triggers::event::fingerprint": "the reference that tests compare a parsed event's fingerprint with",
    "triggers::log::flush": seam,
    "triggers::filter::Evaluator::steps": "tests show with it that the cost of an evaluation stays linear; time varies too much",
    "triggers::FairCount::Place::operator=": "a place that can be moved can be assigned, too",
    "triggers::inbox::EntryIndex::next_ending": "tests compare an index with its model by it",
    "triggers::store::DynamoStore::settle_fleet": "tests do with it at once what a fleet does in minutes",
    "triggers::store::dynamo::SettingsDirectory::tenants": shows_a_bound,
    "triggers::store::Waiters::stop": "tests end waits with it; a server's stop comes with each request's Cancellation",
}

exceptions_of_headers = {
    "return_value": of_the_language,
    "hash_value": of_a_library,
    "device": compared,
    "inode": compared,
    "UINT64_MAX": of_the_standard_library,
    "is_transparent": of_a_library,
    "current_location": of_a_library,
    "iterate": of_a_library,
    "unescaped_key": of_a_library,
    "critical": "a level of Locust, read from its name",
}


def build_dir():
    return pathlib.Path(os.environ.get("TRIGGERS_BUILD_DIR", tracked.root / "build/release"))


@functools.cache
def product_texts():
    """{path: text} of the products' sources and of the headers that these include."""
    # Not those that the build itself generates.
    sources = {path for path, _ in dead_code.product_objects(build_dir()) if path.parts[0] in product_folders}
    assert len(sources) > 200
    headers = {path for path in tracked.files(".h") if path.parts[0] in product_folders}
    return {path: tracked.text(path) for path in [*sources, *dead_code.reachable_headers(sources, headers)]}


@pytest.fixture(scope="module")
def objects():
    found = [path for _, path in dead_code.product_objects(build_dir())]
    missing = [str(path) for path in found if not path.exists()]
    if "clang" in dead_code.compiler(build_dir()):
        pytest.skip("clang inlines functions of position-independent objects, so that their calls leave no trace; g++ does not")
    # A build may be configured only.
    if len(missing) == len(found) or (missing and not os.environ.get("CI")):
        pytest.skip(f"{len(missing)} objects are not built in {build_dir()}; `./dev test` builds and reads them")
    assert not missing, "\n".join(["not built:", *missing])
    return found


def dead_functions(objects):
    """Qualified names. A program's own objects are not position-independent, so their calls may leave no trace: they count
    as used if the text of the programs names them more often than to declare and to define them."""
    symbols = sorted(dead_code.unreferenced_symbols(objects))
    names = dead_code.qualified_names(symbols)
    words = [word for path, text in product_texts().items() if path.parts[0] == "apps" for word in dead_code.words_of(text)]
    called = {name for name in names.values() if words.count(name.rpartition("::")[2].lstrip("~")) > 2}
    of_apps = set().union(*(dead_code.Symbols(path).defined for path in objects if "/apps/" in str(path)))
    return {name for symbol, name in names.items() if symbol not in of_apps or name not in called}


def test_each_function_of_a_product_is_used_by_a_product(objects):
    dead = dead_functions(objects)
    unknown = sorted(dead - set(exceptions))
    assert not unknown, "\n".join(["no product uses these: remove them, or move them to the tests:", *unknown])
    outdated = sorted(set(exceptions) - dead)
    assert not outdated, "\n".join(["these are used, or gone: take them off the list of exceptions:", *outdated])


def test_each_name_of_a_products_header_is_used_by_a_product():
    texts = product_texts()
    assert len(texts) > 300
    once = {word: path for word, path in dead_code.identifiers_used_once(texts).items() if path != set_of_macros}
    unknown = sorted(f"{path}: {word}" for word, path in once.items() if word not in exceptions_of_headers)
    assert not unknown, "\n".join(["declared, and not used by a product:", *unknown])
    outdated = sorted(set(exceptions_of_headers) - set(once))
    assert not outdated, "\n".join(["these are used, or gone: take them off the list of exceptions:", *outdated])


def test_a_planted_function_and_a_planted_name_are_found(objects, tmp_path):
    source, planted = tmp_path / "planted.cc", tmp_path / "planted.o"
    source.write_text("namespace triggers { struct Planted { Planted(); ~Planted(); void used(); void unused(); };\n"
                      "Planted::Planted() {} Planted::~Planted() {} void Planted::used() {} void Planted::unused() {}\n"
                      "void caller() { Planted planted; planted.used(); } }\nint main() { triggers::caller(); }\n", encoding="utf-8")
    subprocess.run(["g++", "-O2", "-fPIC", "-g1", "-c", source, "-o", planted], check=True)
    assert dead_functions([*objects, planted]) - dead_functions(objects) == {"triggers::Planted::unused"}

    header = pathlib.PurePosixPath("src/base/planted.h")
    text = "int used(); // forgotten\nint forgotten(std::size_t); const char* both = \"forgotten\";"
    source = {pathlib.PurePosixPath("src/base/planted.cc"): "int both(const char*); int main() { return std::abs(used()) + 1'000; }"}
    assert set(dead_code.identifiers_used_once({header: text, **source})) == {"forgotten"}
