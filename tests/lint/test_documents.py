"""The documents agree with what is on disk and in the sources: the README's tree, links, metrics, lines of the log, and names
of options."""

import re
import urllib.parse

import pytest
import tracked

readme_lines_max = 120
# Folders of the machine that somebody happened to work on.
machine_path = re.compile(r"/(?:work(?!er)|tmp/fresh)[/\w-]")


def readme():
    return (tracked.root / "README.md").read_text(encoding="utf-8")


def tree_of(text):
    """The paths of a drawn tree: two spaces a level, folders end in a slash, words after two spaces explain."""
    paths, folders = set(), []
    for line in text.splitlines():
        match = re.match(r"^( *)(\S+)", line)
        if not match or not match[2].strip("├└│─ "):
            continue
        level = len(match[1]) // 2
        # A line may name several: "triggers/ swarm/   what they are".
        for name in re.split(r" {2,}", line.strip())[0].split(" "):
            folders[level:] = [name.rstrip("/")]
            paths.add("/".join(folders))
    return paths


def folders_on_disk():
    """Folders of the top two levels that hold files, those with a dot aside."""
    found = set()
    for path in tracked.files():
        parts = path.parts[:-1][:2]
        if parts and not parts[0].startswith("."):
            found.update("/".join(parts[:level]) for level in range(1, len(parts) + 1))
    return found


def test_readme_is_short():
    assert len(readme().splitlines()) <= readme_lines_max


def test_readme_tree_is_the_tree_on_disk():
    blocks = [block for block in re.findall(r"```[a-z]*\n(.*?)```", readme(), re.S) if re.search(r"^src/", block, re.M)]
    assert len(blocks) == 1, "README.md draws one tree, with a line for src/"
    drawn, disk = tree_of(blocks[0]), folders_on_disk()
    gone = [path for path in drawn if not (tracked.root / path).exists()]
    assert not gone, f"drawn and not on disk: {sorted(gone)}"
    # A folder whose inside is drawn is drawn whole; all top folders are drawn.
    opened = {path.split("/")[0] for path in drawn if "/" in path}
    missing = [path for path in disk if path not in drawn and ("/" not in path or path.split("/")[0] in opened)]
    assert not missing, f"on disk and not drawn: {sorted(missing)}"


@pytest.mark.parametrize("page", tracked.files(".md"), ids=str)
def test_relative_links_point_to_files(page):
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", tracked.text(page), flags=re.S)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)", prose):
        path = urllib.parse.unquote(target.split("#")[0])
        if path and not re.match(r"[a-z][a-z0-9+.-]*:", path) and not (tracked.root / page.parent / path).exists():
            broken.append(target)
    assert not broken, f"{page}: {broken}"


def anchors_of(text):
    """What the headings of a page can be linked by."""
    found = set()
    for heading in re.findall(r"^#{1,6} (.*)$", re.sub(r"```.*?```", "", text, flags=re.S), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found.add(slug if slug not in found else f"{slug}-1")
    return found


@pytest.mark.parametrize("page", tracked.files(".md"), ids=str)
def test_links_into_pages_point_to_headings(page):
    prose = re.sub(r"```.*?```", "", tracked.text(page), flags=re.S)
    broken = []
    for path, anchor in re.findall(r"\]\(([^)\s#:]*)#([^)\s]+)\)", prose):
        target = (tracked.root / page.parent / path) if path else tracked.root / page
        if target.suffix == ".md" and target.exists() and anchor not in anchors_of(target.read_text(encoding="utf-8")):
            broken.append(f"{path}#{anchor}")
    assert not broken, f"{page}: {broken}"


def product_texts():
    """The sources of the programs, without tests and benchmarks."""
    for path in tracked.files(".cc", ".h"):
        if path.parts[0] in ("src", "swarm", "apps") and not re.search(r"_(test|bench)\.cc$", path.name):
            yield tracked.text(path)


def test_metrics_of_the_service_are_the_documented_ones():
    named = set(re.findall(r'"((?:triggers|process)_[a-z_]+)"', "\n".join(product_texts())))
    documented = set(re.findall(r"\b(?:triggers|process)_[a-z_]+", tracked.text("docs/operations.md")))
    assert len(named) > 40
    assert named == documented, f"only in the program: {named - documented}; only in the document: {documented - named}"


def test_each_line_of_the_log_is_documented():
    calls = re.findall(r"log::(?:debug|info|warning|error|write)\([^\"]{0,60}\"([a-z_]+)\"", "\n".join(product_texts()))
    pages = tracked.text("docs/operations.md") + tracked.text("docs/lambda.md")
    assert len(set(calls)) > 25
    missing = sorted(name for name in set(calls) if f"`{name}`" not in pages)
    assert not missing, missing


def test_an_option_is_not_called_by_its_variable():
    """`DEDUPLICATION_WINDOW_SECONDS` belongs to `dedup-window-seconds`."""
    rows = re.findall(r"^\| `--([a-z-]+)` \| `([A-Z_]+)`", tracked.text("docs/operations.md"), re.MULTILINE)
    assert len(rows) > 30
    wrong = {variable.lower().replace("_", "-") for _, variable in rows} - {option for option, _ in rows}
    found = [f"{page}: {name}" for page in tracked.files(".md") for name in sorted(wrong)
             if re.search(rf"(?<![\w-]){name}(?![\w-])", tracked.text(page))]
    assert not found, found


def test_no_file_names_a_machine_path():
    wrong = []
    for path in tracked.files():
        if path == tracked.pathlib.PurePosixPath("tests/lint/test_documents.py"):
            continue
        try:
            lines = tracked.text(path).splitlines()
        except UnicodeDecodeError:
            continue  # Not text.
        wrong += [f"{path}:{number}: {line.strip()[:100]}" for number, line in enumerate(lines, 1)
                  if machine_path.search(line)]
    assert not wrong, "\n".join(wrong)
