#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The libraries against the spec, by what is in their ELF files.

usage: exports_test.py MACHINE     the libraries are in tests/abi/MACHINE
"""

import re
import sys
import unittest
from pathlib import Path

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerDefSection, GNUVerNeedSection

import facts

MACHINES = {  # name -> (as ELF has it, its loader)
    "aarch64": ("EM_AARCH64", "ld-linux-aarch64.so.1"),
    "i386": ("EM_386", "ld-linux.so.2"),
    "x86_64": ("EM_X86_64", "ld-linux-x86-64.so.2"),
}
LIBC = "libc.so.6"
OF_OLDEST_LIBC = (2, 17)  # each later one has its symbols, too
BESIDE_LIBC = {library + ".so": {"libdl.so.2"} for library in (facts.STUB, facts.EMULATION)}  # where dlsym is until glibc 2.34

# elf.h
DF_TEXTREL, DF_BIND_NOW, DF_1_NOW = 4, 8, 1
PF_X, PF_W = 1, 2
SHF_WRITE = 1


class ExportsTest(unittest.TestCase):
    """Of one library; subclasses say which."""
    library = None
    machine = ""

    def setUp(self):
        self.file = open(Path("tests/abi") / self.machine / self.library.file, "rb")
        self.addCleanup(self.file.close)
        self.elf = ELFFile(self.file)
        self.dynamic = next(s for s in self.elf.iter_sections() if isinstance(s, DynamicSection))
        symbols = list(self.elf.get_section_by_name(".dynsym").iter_symbols())
        self.exported = {s.name: s for s in symbols
                         if s.name and s["st_shndx"] != "SHN_UNDEF"
                         and s["st_info"]["bind"] != "STB_LOCAL"}
        self.places = {s.name: i for i, s in enumerate(symbols)}

    def tags(self, name):
        return [t for t in self.dynamic.iter_tags() if t.entry.d_tag == name]

    def flags(self, name):
        return sum(t.entry.d_val for t in self.tags(name))

    def segment_flags(self, kind):
        return [s["p_flags"] for s in self.elf.iter_segments() if s["p_type"] == kind]

    def no(self, what, found):
        if found:
            self.fail(f"{self.library.file}, {self.machine}: {what}: {', '.join(sorted(found))}")

    def check_kind(self, names, key, want):
        self.no(f"{key} is not {want}", [f"{n} is {self.exported[n]['st_info'][key]}"
                                         for n in names if n in self.exported
                                         and self.exported[n]["st_info"][key] != want])

    def test_is_of_the_machine(self):
        self.assertEqual(self.elf["e_machine"], MACHINES[self.machine][0])

    def test_exports_all_that_the_spec_names(self):
        self.no("in the spec, but not exported", self.library.names - set(self.exported))

    def test_exports_nothing_that_the_spec_does_not_name(self):
        self.no("exported, but not in the spec", set(self.exported) - self.library.names)

    def test_functions_are_functions(self):
        self.check_kind(self.library.functions, "type", "STT_FUNC")

    def test_variables_are_objects(self):
        self.check_kind(self.library.variables, "type", "STT_OBJECT")

    def test_functions_bind_as_they_should(self):
        self.check_kind(self.library.functions, "bind",
                        "STB_WEAK" if self.library.weak else "STB_GLOBAL")

    def test_variables_bind_as_they_should(self):
        self.check_kind(self.library.variables, "bind", "STB_GLOBAL")

    def test_symbols_are_visible_and_in_a_section(self):
        self.no("hidden, or no address", [
            n for n, s in self.exported.items()
            if s["st_other"]["visibility"] != "STV_DEFAULT" or s["st_shndx"] == "SHN_ABS"])

    def test_variables_have_size_and_content(self):
        for name, variable in self.library.variables.items():
            with self.subTest(name):
                symbol = self.exported[name]
                self.assertEqual(symbol["st_size"], variable.size, "size in bytes")
                section = self.elf.get_section(symbol["st_shndx"])
                self.assertTrue(section["sh_flags"] & SHF_WRITE, "not writable, as Onload's is")
                at = symbol["st_value"] - section["sh_addr"]
                self.assertEqual(section.data()[at:at + variable.size], variable.content)

    def test_has_no_version_nodes(self):
        nodes = [s for s in self.elf.iter_sections() if isinstance(s, GNUVerDefSection)]
        self.no("the version script must have one anonymous node, not",
                [v.name for s in nodes for d, names in s.iter_versions() for v in names])
        table = self.elf.get_section_by_name(".gnu.version")
        if table:
            self.no("these symbols have a version", [
                n for n in self.exported
                if table.get_symbol(self.places[n])["ndx"] != "VER_NDX_GLOBAL"])

    def test_soname(self):
        self.assertEqual([t.soname for t in self.tags("DT_SONAME")], [self.library.soname])

    def test_needs_libc_and_nothing_else(self):
        needed = {t.needed for t in self.tags("DT_NEEDED")}
        expected = {LIBC} | BESIDE_LIBC.get(self.library.file, set())
        self.no("not needed", expected - needed)
        # some toolchains name the loader too, for the thread-local storage that it provides
        self.no("needed beside libc", needed - expected - {MACHINES[self.machine][1]})

    def test_needs_no_symbol_that_old_libcs_lack(self):
        needs = {}  # index of a version: its name
        for section in self.elf.iter_sections():
            if isinstance(section, GNUVerNeedSection):
                needs.update({v["vna_other"]: v.name for _, versions in section.iter_versions() for v in versions})
        self.assertTrue(needs)
        late = {index: name for index, name in needs.items()
                if not re.fullmatch(r"GLIBC_2(\.\d+)+", name)
                or tuple(map(int, name[len("GLIBC_"):].split("."))) > OF_OLDEST_LIBC}
        table = self.elf.get_section_by_name(".gnu.version")
        symbols = enumerate(self.elf.get_section_by_name(".dynsym").iter_symbols())
        found = {f"{s.name} of {late[table.get_symbol(i)['ndx']]}" for i, s in symbols
                 if table.get_symbol(i)["ndx"] in late}
        self.no(f"newer than glibc {'.'.join(map(str, OF_OLDEST_LIBC))}", found or set(late.values()))

    def test_has_no_search_path(self):
        self.no("RPATH or RUNPATH", [str(t) for t in self.tags("DT_RPATH") + self.tags("DT_RUNPATH")])

    def test_relocations_are_read_only(self):
        self.assertTrue(self.segment_flags("PT_GNU_RELRO"), "no RELRO: link with -z relro")

    def test_binds_at_start(self):
        self.assertTrue(self.tags("DT_BIND_NOW") or self.flags("DT_FLAGS") & DF_BIND_NOW
                        or self.flags("DT_FLAGS_1") & DF_1_NOW, "no BIND_NOW: link with -z now")

    def test_has_no_text_relocations(self):
        self.assertFalse(self.tags("DT_TEXTREL") or self.flags("DT_FLAGS") & DF_TEXTREL,
                         "TEXTREL: something was compiled without -fPIC")

    def test_stack_is_not_executable(self):
        stacks = self.segment_flags("PT_GNU_STACK")
        self.assertTrue(stacks, "no PT_GNU_STACK: the stack would be executable")
        self.assertFalse(any(flags & PF_X for flags in stacks), "the stack is executable")

    def test_nothing_is_writable_and_executable(self):
        both = PF_X | PF_W
        self.assertFalse([f for f in self.segment_flags("PT_LOAD") if f & both == both])


def main(machine):
    spec, suite, checked = facts.load(), unittest.TestSuite(), []
    for library in facts.libraries(spec, machine):
        name = re.sub(r"\W", "_", library.file)
        case = type(name, (ExportsTest,), {"library": library, "machine": machine})
        suite.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(case))
        checked.append(f"{library.file}: {len(library.functions)} functions, "
                       f"{len(library.variables)} variables")
    done = unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful()
    print(f"checked for {machine}: " + "; ".join(checked))
    alone = facts.interposed_there_only(spec, machine)
    if alone:
        print(f"only seen in the file, and called by no test here: {', '.join(alone)}")
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
