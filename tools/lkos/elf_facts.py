# SPDX-License-Identifier: GPL-2.0-only
"""What `lkos check` must know of one file: of ELF files read with pyelftools, but for their symbols, of which
large programs have hundreds of thousands."""

import contextlib
import mmap
import os
import re
import stat
import struct

from lkos import elf_header
from lkos.trouble import Trouble

try:
    from elftools.elf.dynamic import DynamicSegment
    from elftools.elf.elffile import ELFFile
except (ImportError, SyntaxError) as error:  # SyntaxError: it is for a newer Python
    raise Trouble(f"pyelftools, with which programs are read, is missing ({error}); install python3-pyelftools")

# Every version of the static libonload_ext.a looks for this name at run time; nothing else has it.
STATIC_MARK = b"onload_lib_ext_version\0"
URING_MARK = b"\0io_uring_queue_init_params\0"  # liburing's, among the symbols
MARKS = (b"onload_", b"oo_raw_send")
# Names have an end, or looking at a damaged file would take as long as the square of its size.
NAME_MAX = 200
_TEXT = re.compile(rb"(?<![\w/])(?:libonload_ext\.so(?:\.\d{1,9})?|onload_\w{1,%d}|oo_raw_send)(?!\w)" % NAME_MAX)


class Facts:
    def __init__(self, path, header):
        self.path, self.header = path, header
        self.needed = []  # names of libraries
        self.imports = {}  # name: is it weak?
        self.exports = set()
        self.texts = set()  # names of Onload's functions that occur in the data
        self.opens = set()  # names of libonload_ext that occur there
        self.has_static_ext = self.is_go = self.is_script = False
        self.makes_io_uring = False  # has liburing inside

    def add_text(self, text):
        (self.opens if text.startswith(b"lib") else self.texts).add(text.decode())


def _check_extent(elf, size, path):
    """A file that ends before what its headers speak of was cut. Of tables without a size the entries
    would be read again and again: as many as a damaged number says."""
    tables = [(elf["e_phoff"], elf.num_segments(), "e_phentsize"), (elf["e_shoff"], elf.num_sections(), "e_shentsize")]
    for _, number, entry in tables:
        if number > 0 and elf[entry] == 0:
            raise Trouble(f"{path}: {number} headers of 0 bytes ({entry}); it is damaged: copy or build it again")
    end = max(offset + number * elf[entry] for offset, number, entry in tables)
    if end <= size:
        end = max([end, *(part["p_offset"] + part["p_filesz"] for part in elf.iter_segments())])
    if end > size:
        what = f"has {size} bytes, and its headers speak of {end}: the file is cut short or damaged"
        raise Trouble(f"{path}: {what}; copy or build it again")


def _place(section):
    return section["sh_offset"], section["sh_offset"] + section["sh_size"]


def _symbols(elf, data):
    """(name, is it defined here?, binding) of what the loader sees; it does not go when a program is stripped."""
    section = elf.get_section_by_name(".dynsym")
    if section is None:
        for segment in _segments(elf, "PT_DYNAMIC"):
            for symbol in segment.iter_symbols():
                yield symbol.name, symbol["st_shndx"] != "SHN_UNDEF", symbol["st_info"]["bind"]
        return
    wide = elf.elfclass == 64
    form = struct.Struct((">", "<")[elf.little_endian] + ("IBBHQQ" if wide else "IIIBBH"))
    bindings = {1: "STB_GLOBAL", 2: "STB_WEAK"}
    begin, end = _place(elf.get_section(section["sh_link"]))
    names = data[begin:end]
    begin, end = _place(section)
    table = data[begin:end]
    for fields in form.iter_unpack(table[: len(table) - len(table) % form.size]):
        info, index = (fields[1], fields[3]) if wide else (fields[3], fields[5])
        end = names.find(b"\0", fields[0], fields[0] + NAME_MAX)
        if end > 0:
            yield names[fields[0] : end].decode(errors="replace"), index != 0, bindings.get(info >> 4)


def _segments(elf, kind):
    return [segment for segment in elf.iter_segments() if segment["p_type"] == kind]


def _dynamic_names(elf):
    """(names of the needed libraries, (where the dynamic string table begins, its size))."""
    for segment in elf.iter_segments():
        if isinstance(segment, DynamicSegment):
            needed = [tag.needed for tag in segment.iter_tags("DT_NEEDED")]
            _, offset = segment.get_table_offset("DT_STRTAB")
            size = next((tag["d_val"] for tag in segment.iter_tags("DT_STRSZ")), 0)
            return needed, (0, 0) if offset is None else (offset, size)
    return [], (0, 0)


def _loaded(elf, strings):
    """[(begin, end)] of what is loaded of the file but for the dynamic string table."""
    cut, past = strings[0], strings[0] + strings[1]
    for segment in _segments(elf, "PT_LOAD"):
        begin, end = segment["p_offset"], segment["p_offset"] + segment["p_filesz"]
        if begin <= cut < end:
            yield begin, cut
            begin = min(past, end)
        yield begin, end


def _texts(data, begin, end):
    """Names of Onload's among the texts of a program."""
    for mark in MARKS:
        at = data.find(mark, begin, end)
        while at >= 0:
            match = _TEXT.match(data, at) or _TEXT.match(data, max(at - len("lib"), 0))
            if match and data[match.end() : match.end() + 1] == b"\0":
                yield match.group()
            at = data.find(mark, at + 1, end)


def _has_go_notes(elf):
    if elf.get_section_by_name(".go.buildinfo") is not None:
        return True
    return any(note["n_name"] == "Go" for segment in _segments(elf, "PT_NOTE") for note in segment.iter_notes())


def _fill(facts, elf, data):
    facts.needed, strings = _dynamic_names(elf)
    for name, is_defined, binding in _symbols(elf, data):
        if name and is_defined:
            facts.exports.add(name)
        elif name and binding in ("STB_GLOBAL", "STB_WEAK"):
            facts.imports[name] = binding == "STB_WEAK"
    for begin, end in _loaded(elf, strings):
        facts.has_static_ext |= data.find(STATIC_MARK, begin, end) >= 0
        for text in _texts(data, begin, end):
            facts.add_text(text)
    facts.is_go = _has_go_notes(elf)
    symbols = elf.get_section_by_name(".symtab")
    if symbols is not None:
        facts.makes_io_uring = data.find(URING_MARK, *_place(elf.get_section(symbols["sh_link"]))) >= 0


def read(path):
    """The Facts of an ELF file. Trouble: it is none, or damaged. OSError: it cannot be read."""
    must_be_file(path)
    header = elf_header.read(path)
    with open(path, "rb") as stream:
        if stream.read(4) != b"\x7fELF":
            raise Trouble(f"{path}: is neither an ELF file nor a script that begins with #!")
        try:
            elf = ELFFile(stream)
            _check_extent(elf, os.fstat(stream.fileno()).st_size, path)
            if elf["e_type"] not in ("ET_EXEC", "ET_DYN") or header.kind != "elf":
                kind = {"ET_REL": "an object file", "ET_CORE": "a core dump"}.get(elf["e_type"], "damaged")
                raise Trouble(f"{path}: is {kind}, not a program or shared library")
            facts = Facts(path, header)
            with contextlib.closing(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)) as data:
                _fill(facts, elf, data)
        except (Trouble, OSError):
            raise
        except Exception as error:  # pyelftools raises anything on a file that is not as it should be
            raise Trouble(f"{path}: cannot be read as an ELF file; it is damaged ({error})")
    return facts


def read_script(path, header):
    """The Facts of a file that a program of the given header runs: what of Onload it names."""
    facts = Facts(path, header)
    facts.is_script = True
    with open(path, "rb") as stream:
        for text in _TEXT.findall(stream.read()):
            facts.add_text(text)
    return facts


def must_be_file(path):
    """Trouble, OSError: with what is wrong with the path."""
    mode = os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        raise Trouble(f"{path}: is a directory; name the program in it")
    if not stat.S_ISREG(mode):
        raise Trouble(f"{path}: is no regular file")
