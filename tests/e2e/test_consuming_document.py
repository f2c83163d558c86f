"""docs/consuming.md: every shell block works when it is pasted, in order, into one shell, and prints what the page shows. Ids,
cursors and times may differ, but each must stand where the page has the same one."""

import re
import selectors
import subprocess
import time

import pytest

from support.event_stream import await_figure
from support.program import binary, environment, repository
from support.server import free_port

page = repository / "docs/consuming.md"
seconds_max = 60
id_pattern = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
cursor_pattern = r"(?<![\w-])AQ(?:[\w-]{42}|[\w-]{53})(?![\w-])"


def blocks_of(text):
    """Pairs of a shell block and what the page shows below it: the text of the next block, or nothing if that is a shell
    block, too."""
    pairs = []
    for language, body in re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        if language == "sh":
            pairs.append([body, ""])
        elif pairs:  # The picture stands before the first shell block.
            assert pairs[-1][1] == "", body
            pairs[-1][1] = body
    return pairs


class Names:
    """Replaces each id and each cursor by a number in the order of its first appearance, and each time by one word."""

    def __init__(self):
        self.numbers = {}

    def name(self, matched):
        return f"<{self.numbers.setdefault(matched[0], len(self.numbers) + 1)}>"

    def plain(self, text):
        text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "<time>", text)
        return re.sub(f"{id_pattern}|{cursor_pattern}", self.name, text)


class Shell:
    """A shell that blocks are pasted into."""

    def __init__(self, folder):
        self.process = subprocess.Popen(["bash", "--norc"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, env=environment())
        self.seen = ""

    def type(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def read_until(self, pattern):
        """The match of the pattern in what the shell prints. Later calls begin behind it; `before` is what came before it."""
        deadline = time.monotonic() + seconds_max
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while not (found := re.search(pattern, self.seen)):
                assert selector.select(max(0, deadline - time.monotonic())), f"{pattern} does not come: {self.seen}"
                read = self.process.stdout.read1(65536).decode()
                assert read, f"the shell has ended: {self.seen}"
                self.seen += read
        before, self.seen = self.seen[:found.start()], self.seen[found.end():]
        return before, found

    def paste(self, block):
        """What the block prints, and its exit status."""
        self.type(block + "\necho \"<<$?>>\"\n")
        printed, found = self.read_until(r"<<(\d+)>>\n")
        return printed, int(found[1])

    def end(self):
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def reader(start_server, tmp_path):
    """A folder as after `./dev run`: with the program, and with a server of the store ./data. `reader.shell()` opens a
    shell in it."""
    folder = tmp_path / "reader"
    (folder / "build/release").mkdir(parents=True)
    (folder / "build/release/triggers").symlink_to(binary())
    server = start_server(folder=folder, port=free_port())
    server.key = server.create_key(user_id="developer")["api_key"]
    shells = []

    def shell():
        shells.append(Shell(folder))
        return shells[-1]

    server.shell = shell
    yield server
    for one in shells:
        one.end()


def as_reader(server, block):
    """The block, with the reader's server and key."""
    return block.replace("http://localhost:8000", f"http://127.0.0.1:{server.port}").replace("paste-the-key-here", server.key)


def follow(server, pairs):
    """Pastes all blocks: what each printed, as (block, printed, shown by the page)."""
    shell, done = server.shell(), []
    exports = as_reader(server, pairs[0][0])
    for block, shown in pairs:
        if "triggers tail" in block:
            third = server.shell()
            third.type(exports + block)
            with server.client() as client:
                await_figure(client, "triggers_streams", 1)
            continue
        printed, status = shell.paste(as_reader(server, block))
        # With --max-time, curl reports that the time is over.
        assert status == (28 if re.search(r"^curl -sN --max-time", block, re.MULTILINE) else 0), (block, printed)
        done.append((block, printed, shown))
    line, _ = third.read_until(r"\n")
    return done, line + "\n"


def test_the_lines_work_when_pasted_and_print_what_the_page_shows(reader):
    text = page.read_text(encoding="utf-8")
    (tail,) = re.findall(r"The third shell shows it:\n\n```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    pairs = blocks_of(text.replace(f"```\n{tail}```", ""))
    assert len(pairs) > 20
    done, line = follow(reader, pairs)
    here, there = Names(), Names()
    for block, printed, shown in done:
        assert here.plain(printed) == there.plain(shown), block
    assert here.plain(line) == there.plain(tail)


def test_the_comparison_sees_an_id_in_the_wrong_place():
    first, second = "01a20bbb-7022-7d01-8d91-44c476987c33", "01a20bbb-7022-7d01-8d91-44c476987c34"
    assert Names().plain(f"{first} {second} {first}") == "<1> <2> <1>" != Names().plain(f"{first} {second} {second}")
