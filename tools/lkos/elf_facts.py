# SPDX-License-Identifier: GPL-2.0-only
"""What `lkos check` must know of one ELF file, read with pyelftools."""

import os
import re
import stat
from dataclasses import dataclass, field

from lkos import elf_header
from lkos.trouble import Trouble

try:
    from elftools.elf.dynamic import DynamicSegment
    from elftools.elf.elffile import ELFFile
except ImportError:
    raise Trouble("check reads programs with pyelftools; install it: apt-get install python3-pyelftools")

UNREADABLE = 2

# Every version of the static libonload_ext.a looks for this name at run time; nothing else has it.
STATIC_MARK = b"onload_lib_ext_version"
_ONLOAD_TEXT = re.compile(rb"(?<!\w)(?:onload_\w+|oo_raw_send)(?=\0)")


@dataclass
class Facts:
    path: str
    header: elf_header.Header
    needed: list = field(default_factory=list)  # names of libraries
    imports: dict = field(default_factory=dict)  # name: is it weak?
    exports: set = field(default_factory=set)
    texts: set = field(default_factory=set)  # names of Onload's that occur in the data
    has_static_ext: bool = False
    is_go: bool = False
    makes_io_uring: bool = False  # has liburing inside

    @property
    def name(self):
        return os.path.basename(self.path)


def _check_extent(elf, size, path):
    """A file that ends before what its headers speak of was cut. Of tables without a size the entries
    would be read again and again: as many as a damaged number says."""
    for number, entry in ((elf.num_segments(), "e_phentsize"), (elf.num_sections(), "e_shentsize")):
        if number > 0 and elf[entry] == 0:
            raise Trouble(f"{path}: {number} headers of 0 bytes ({entry}); it is damaged: copy or build it again",
                          UNREADABLE)
    ends = [elf["e_phoff"] + elf.num_segments() * elf["e_phentsize"]]
    ends.append(elf["e_shoff"] + elf.num_sections() * elf["e_shentsize"])
    if max(ends) <= size:
        ends += [part["p_offset"] + part["p_filesz"] for part in elf.iter_segments()]
    if max(ends) > size:
        raise Trouble(
            f"{path}: has {size} bytes, and its headers speak of {max(ends)}: the file is cut short or "
            "damaged; copy or build it again",
            UNREADABLE,
        )


def _dynamic_symbols(elf):
    """The symbols that the loader sees; they do not go when a program is stripped."""
    section = elf.get_section_by_name(".dynsym")
    if section is not None:
        return section.iter_symbols()
    for segment in elf.iter_segments():
        if isinstance(segment, DynamicSegment):
            return segment.iter_symbols()
    return iter(())


def _all_symbols(elf):
    section = elf.get_section_by_name(".symtab")
    return section.iter_symbols() if section is not None else iter(())


def _dynamic_names(elf):
    """(names of the needed libraries, the bytes of the dynamic string table)."""
    for segment in elf.iter_segments():
        if isinstance(segment, DynamicSegment):
            needed = [tag.needed for tag in segment.iter_tags("DT_NEEDED")]
            _, offset = segment.get_table_offset("DT_STRTAB")
            size = next((tag["d_val"] for tag in segment.iter_tags("DT_STRSZ")), 0)
            if offset is None:
                return needed, (0, 0)
            return needed, (offset, size)
    return [], (0, 0)


def _data(elf, stream, strings):
    """What is loaded of the file but for the dynamic string table."""
    begin, size = strings  # the size is the file's word: it may be of more than the file has
    for segment in elf.iter_segments("PT_LOAD"):
        stream.seek(segment["p_offset"])
        data = stream.read(segment["p_filesz"])
        at = begin - segment["p_offset"]
        if 0 <= at < len(data):
            end = min(at + size, len(data))
            data = data[:at] + bytes(end - at) + data[end:]
        yield data


def _has_go_notes(elf):
    if elf.get_section_by_name(".go.buildinfo") is not None:
        return True
    return any(
        note["n_name"] == "Go" for segment in elf.iter_segments("PT_NOTE") for note in segment.iter_notes()
    )


def _fill(facts, elf, stream):
    facts.needed, strings = _dynamic_names(elf)
    for symbol in _dynamic_symbols(elf):
        if not symbol.name:
            continue
        if symbol["st_shndx"] != "SHN_UNDEF":
            facts.exports.add(symbol.name)
        elif symbol["st_info"]["bind"] in ("STB_GLOBAL", "STB_WEAK"):
            facts.imports[symbol.name] = symbol["st_info"]["bind"] == "STB_WEAK"
    for data in _data(elf, stream, strings):
        facts.has_static_ext |= STATIC_MARK + b"\0" in data
        if b"onload_" in data or b"oo_raw_send" in data:  # the expression takes longer
            facts.texts |= {text.decode() for text in _ONLOAD_TEXT.findall(data)}
    facts.is_go = _has_go_notes(elf)
    facts.makes_io_uring = any(
        symbol.name == "io_uring_queue_init_params" and symbol["st_shndx"] != "SHN_UNDEF"
        for symbol in _all_symbols(elf)
    )


def read(path):
    """The Facts of an ELF file. Trouble: it is none, or damaged. OSError: it cannot be read."""
    header = elf_header.read(path)
    with open(path, "rb") as stream:
        if stream.read(4) != b"\x7fELF":
            raise Trouble(f"{path}: is neither an ELF file nor a script that begins with #!", UNREADABLE)
        try:
            elf = ELFFile(stream)
            _check_extent(elf, os.fstat(stream.fileno()).st_size, path)
            if elf["e_type"] not in ("ET_EXEC", "ET_DYN") or header.kind != "elf":
                kind = {"ET_REL": "an object file", "ET_CORE": "a core dump"}.get(elf["e_type"], "damaged")
                raise Trouble(f"{path}: is {kind}, not a program or shared library", UNREADABLE)
            facts = Facts(path, header)
            _fill(facts, elf, stream)
        except (Trouble, OSError):
            raise
        except Exception as error:  # pyelftools raises anything on a file that is not as it should be
            raise Trouble(f"{path}: cannot be read as an ELF file; it is damaged ({error})", UNREADABLE)
    return facts


def must_be_file(path):
    """Trouble: with what is wrong with the path."""
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise Trouble(f"{path}: {error.strerror}", UNREADABLE)
    if stat.S_ISDIR(mode):
        raise Trouble(f"{path}: is a directory; name the program in it", UNREADABLE)
    if not stat.S_ISREG(mode):
        raise Trouble(f"{path}: is no regular file", UNREADABLE)
