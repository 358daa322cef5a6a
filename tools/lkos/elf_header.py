# SPDX-License-Identifier: GPL-2.0-only
"""What kind of file the kernel would be given: the little of it that `lkos run` must know. Reading it here
takes no time; importing pyelftools, which `lkos check` does, takes longer than all of `lkos run` may."""

import struct

EM_NAMES = {
    3: "i386", 8: "MIPS", 20: "PowerPC", 21: "PowerPC64", 22: "S/390", 40: "Arm", 62: "x86-64", 183: "AArch64",
    243: "RISC-V", 258: "LoongArch",
}
GLIBC_LOADERS = ("ld-linux", "ld.so.", "ld64.so.")

ET_EXEC, ET_DYN = 2, 3
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DYNAMIC_MAX = 65536  # bytes of a dynamic section; none is as long
DT_NULL, DT_FLAGS_1, DF_1_PIE = 0, 0x6FFFFFFB, 0x08000000


class Header:
    """kind: "elf", "script" or "other". An ELF file has bits, machine, type, interpreter (None: no loader)
    and is_pie; a script has interpreter, a list of words."""

    def __init__(self, kind, **known):
        self.kind = kind
        self.bits = self.machine = self.type = self.interpreter = None
        self.is_pie = False
        self.__dict__.update(known)

    @property
    def is_static(self):
        """A program that no loader sees. A shared library has no interpreter either."""
        return self.kind == "elf" and not self.interpreter and (self.type == ET_EXEC or self.is_pie)

    def machine_name(self):
        name = EM_NAMES.get(self.machine, f"machine {self.machine}")
        if self.machine == 62 and self.bits == 32:
            return "x32"
        return name

    def same_machine(self, other):
        return (self.bits, self.machine) == (other.bits, other.machine)


def _is_pie(file, end, bits, offset, size):
    """Has the dynamic section at that place the flag of a position-independent program?"""
    file.seek(offset)
    word = "q" if bits == 64 else "i"
    entry = struct.Struct(end + 2 * word)
    data = file.read(min(size, DYNAMIC_MAX))
    for tag, value in entry.iter_unpack(data[: len(data) - len(data) % entry.size]):
        if tag == DT_NULL:
            break
        if tag == DT_FLAGS_1:
            return bool(value & DF_1_PIE)
    return False


def _read_elf(file, ident):
    bits = 64 if ident[4] == 2 else 32
    end = ">" if ident[5] == 2 else "<"
    head = end + ("HHIQQQIHHH" if bits == 64 else "HHIIIIIHHH")
    part = struct.Struct(end + ("IIQQQQQQ" if bits == 64 else "IIIIIIII"))
    type_, machine, _, _, phoff, _, _, _, phentsize, phnum = struct.unpack(
        head, file.read(struct.calcsize(head))
    )
    interpreter, is_pie = None, False
    for i in range(phnum):
        file.seek(phoff + i * phentsize)
        fields = part.unpack(file.read(part.size))
        offset, size = (fields[2], fields[5]) if bits == 64 else (fields[1], fields[4])
        if fields[0] == PT_INTERP:
            file.seek(offset)
            interpreter = file.read(min(size, 4096)).rstrip(b"\0").decode(errors="surrogateescape")
        elif fields[0] == PT_DYNAMIC:
            is_pie = _is_pie(file, end, bits, offset, size)
    return Header("elf", bits=bits, machine=machine, type=type_, interpreter=interpreter, is_pie=is_pie)


def read(path):
    """The Header of a file. A damaged ELF file is "other". OSError: it cannot be read."""
    with open(path, "rb") as file:
        start = file.read(256)
        if start.startswith(b"#!"):
            line = start[2:].split(b"\n")[0].decode(errors="surrogateescape")
            return Header("script", interpreter=line.split())
        if start.startswith(b"\x7fELF") and len(start) >= 52:
            file.seek(16)
            try:
                return _read_elf(file, start)
            except (struct.error, OverflowError, ValueError, OSError):  # it seeks to a senseless place
                pass
        return Header("other", is_text=bool(start) and b"\0" not in start and start[:4] != b"\x7fELF")
