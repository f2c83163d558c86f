"""The HTML report as a parser sees it: well-formed, small, complete, and loading nothing from elsewhere."""

import html.parser
import json
import pathlib
import subprocess

import pytest

from support import program

void = {"meta", "br"}
samples = ["short", "failing", "many", "empty", "none", "one"]


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.wrong, self.scripts, self.cells, self.attributes = [], [], [], [], []
        self.feed(text)
        self.close()
        self.wrong += [f"never closed: {tag}" for tag in self.open]

    def handle_starttag(self, tag, attributes):
        self.attributes += [(tag, name, value) for name, value in attributes]
        if tag not in void:
            self.open.append(tag)
        if tag in ("td", "script"):
            (self.cells if tag == "td" else self.scripts).append("")

    def handle_startendtag(self, tag, attributes):
        self.attributes += [(tag, name, value) for name, value in attributes]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"closes what is not open: {tag} at {self.getpos()}")

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
        elif "td" in self.open:
            self.cells[-1] += data


def rendered(name):
    made = subprocess.run([pathlib.Path(program.binary()).parent / "tests/swarm_report_sample", name], capture_output=True, check=True)
    return made.stdout.decode("utf-8")  # strict: it must be UTF-8


@pytest.mark.parametrize("name", samples)
def test_the_page_is_well_formed_small_and_loads_nothing(name):
    text = rendered(name)
    page = Page(text)
    assert not page.wrong
    assert len(text.encode()) < 300_000
    assert not [one for one in page.attributes if one[1] in ("src", "href", "action", "style") or one[1].startswith("on")]
    assert "nan" not in text.lower().replace("nanosecond", "") and "inf" not in [cell.lower() for cell in page.cells]


@pytest.mark.parametrize("name", samples)
def test_the_script_gets_a_value_for_every_line_of_a_chart(name):
    *charts, code = Page(rendered(name)).scripts
    assert len(charts) == 4 and "pointermove" in code
    for chart, lines in zip(charts, (3, 3, 1, 1)):
        points = json.loads(chart)
        assert all(len(point) == 2 + lines for point in points)
        assert [point[0] for point in points] == sorted(point[0] for point in points)


def test_the_rows_add_up_to_the_aggregated_one():
    cells = [cell.replace("\u202f", "") for cell in Page(rendered("short")).cells]
    rows = [cells[i:i + 11] for i in range(0, 6 * 11, 11)]
    assert rows[-1][1] == "Aggregated"
    assert int(rows[-1][2]) > 1000
    for column in (2, 3, 4):
        assert sum(int(row[column]) for row in rows[:-1]) == int(rows[-1][column])


def test_texts_of_a_server_are_shown_and_not_run():
    page = Page(rendered("failing"))
    assert any("<script>alert('x')</script>" in cell for cell in page.cells)
    assert len(page.scripts) == 5  # four charts and our own
