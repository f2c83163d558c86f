"""What the products define and do not use: read from the release's objects and from the text of the headers."""

import collections
import json
import os
import pathlib
import re
import struct
import subprocess

import tracked

SHT_SYMTAB, SHT_RELA, SHF_ALLOC = 2, 4, 2
STB_GLOBAL, STT_OBJECT, STT_FUNC = 1, 1, 2

product_targets = re.compile(r"/CMakeFiles/(triggers_(?!store_memory)\w+|triggers|triggers-lambda|bootstrap|swarm)\.dir/")



def product_objects(build_dir):
    """(source, object) of each source that a library or a program of the products is made from. Programs may share one."""
    commands = json.loads((build_dir / "compile_commands.json").read_text(encoding="utf-8"))
    outputs = [(command["file"], re.search(r" -o (\S+) ", command["command"])[1]) for command in commands]
    return [(pathlib.PurePosixPath(os.path.relpath(os.path.realpath(file), tracked.root)), build_dir / output)
            for file, output in outputs if product_targets.search("/" + output) and os.path.exists(file)]


def compiler(build_dir):
    return json.loads((build_dir / "compile_commands.json").read_text(encoding="utf-8"))[0]["command"].split()[0]


def one_entity(symbol):
    """The compiler emits a constructor or a destructor up to three times: C1, C2, D0, D1, D2. They are one function here."""
    return re.sub(r"(?<=[a-zI_0-9E])([CD])[0-3](?=E)", r"\1_", symbol)


class Symbols:
    """The global functions and variables that one object defines, and the symbols that its code and data refer to."""

    def __init__(self, path):
        data = pathlib.Path(path).read_bytes()
        offset, = struct.unpack_from("<Q", data, 0x28)
        entry_size, count = struct.unpack_from("<HH", data, 0x3A)
        if data[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{path} is not a 64-bit little-endian ELF object")
        sections = [struct.unpack_from("<IIQQQQIIQQ", data, offset + index * entry_size) for index in range(count)]
        symtab = next(section for section in sections if section[1] == SHT_SYMTAB)
        names = sections[symtab[6]]
        strings = data[names[4]:names[4] + names[5]]
        table = list(struct.iter_unpack("<IBBHQQ", data[symtab[4]:symtab[4] + symtab[5]]))

        def name(symbol):
            return strings[symbol[0]:strings.index(b"\0", symbol[0])].decode()

        self.defined = {one_entity(name(symbol)) for symbol in table if symbol[1] >> 4 == STB_GLOBAL and symbol[3] != 0 and
                        symbol[1] & 15 in (STT_OBJECT, STT_FUNC)}
        used = set()
        for _, kind, _, _, start, size, _, target, _, _ in sections:
            # Debugging information and unwind tables (.eh_frame) refer to everything.
            if kind != SHT_RELA or not sections[target][2] & SHF_ALLOC or self.is_eh_frame(sections, target, data):
                continue
            used.update(info >> 32 for _, info, _ in struct.iter_unpack("<QQq", data[start:start + size]))
        self.used = {one_entity(name(table[index])) for index in used if table[index][1] >> 4}

    @staticmethod
    def is_eh_frame(sections, target, data):
        # Section names are in the last table in every object that gas writes; e_shstrndx names it.
        index, = struct.unpack_from("<H", data, 0x3E)
        start = sections[index][4] + sections[target][0]
        return data.startswith(b".eh_frame\0", start)


def unreferenced_symbols(objects):
    """The mangled names of the functions and variables that an object defines and that no object refers to."""
    read = [Symbols(path) for path in objects]
    used = set().union(*(symbols.used for symbols in read))
    defined = set().union(*(symbols.defined for symbols in read))
    return {symbol for symbol in defined - used - {"main"} if not symbol.startswith("_ZT")}


def qualified_names(symbols):
    """{mangled name: name with its namespaces, without parameters}."""
    # c++filt knows only real constructors and destructors.
    real = [re.sub(r"(?<=[a-zI_0-9E])([CD])_(?=E)", r"\g<1>1", symbol) for symbol in symbols]
    done = subprocess.run(["c++filt", "--no-params"], input="\n".join(real), capture_output=True, text=True, check=True)
    return dict(zip(symbols, done.stdout.splitlines()))


def code_of(text):
    """Without comments, includes and the contents of literals."""
    pattern = (r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)\d[\w\'.]*|\'(?:\\.|[^\'\\\n])\''
               r"|^\s*#\s*(?:include|pragma)[^\n]*")
    return re.sub(pattern, " ", text, flags=re.DOTALL | re.MULTILINE)


def words_of(text):
    """Every identifier that is not the compiler's (`__LINE__`)."""
    return re.findall(r"(?<!\w)(?!__|_mm_)[A-Za-z_]\w*", code_of(text))


def identifiers_used_once(texts):
    """{path: text} → {identifier: path}: what a header declares and what occurs once in all texts. A name that stands only
    behind `::` is declared elsewhere (`std::forward`)."""
    counts = collections.Counter(word for text in texts.values() for word in words_of(text))
    return {word: path for path, text in texts.items() if path.suffix == ".h"
            for word in re.findall(r"(?<!\w)(?<!::)(?!__|_mm_)[A-Za-z_]\w*", code_of(text)) if counts[word] == 1}


def reachable_headers(texts, headers):
    """The headers that one of the texts ({path: text}) includes, or another header that is reachable."""
    by_name = {str(path).removeprefix("src/"): path for path in headers}
    found, todo = set(), list(texts)
    while todo:
        path = todo.pop()
        for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', tracked.text(path), re.MULTILINE):
            beside = path.parent / name
            header = by_name.get(name) or (beside if beside in headers else None)
            if header and header not in found:
                found.add(header)
                todo.append(header)
    return found
