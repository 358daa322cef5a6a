#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What diff_headers says of headers that differ from the spec.

The headers are those that small.yaml makes, each time with one thing changed, so that no change of
the real spec breaks a test.
"""

import contextlib
import functools
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).absolute().parents[2]
sys.path.insert(0, str(ROOT / "codegen"))

import diff_headers  # noqa: E402
import headers  # noqa: E402
import main as codegen  # noqa: E402

SMALL = ROOT / "codegen/tests/small.yaml"
SPEC = SMALL.read_text(encoding="utf-8")
SCHEMA = (ROOT / "spec/onload_api.schema.json").read_text(encoding="utf-8")
LAST = diff_headers.read_spec(SPEC, SCHEMA, "spec")[0].releases[-1]
NEXT = "99.0.0"  # a release that the spec does not know
API, ZC, STAMPS = "extensions.h", "extensions_zc.h", "extensions_timestamping.h"

# Most tests use the one spec: it, and what it makes, is read once.
diff_headers.read_spec = functools.lru_cache(diff_headers.read_spec)
diff_headers.read_ours = functools.lru_cache(diff_headers.read_ours)


def called(main, *args):
    """(status, stdout, stderr)"""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main([str(a) for a in args])
    return status, out.getvalue(), err.getvalue()


def run(*args):
    return called(diff_headers.main, "--spec", SMALL, *args)


def setUpModule():
    global OURS
    folder = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(folder.cleanup)
    called(codegen.main, "--spec", SMALL, "--out", folder.name)
    OURS = Path(folder.name) / "include/onload"


class Copy(unittest.TestCase):
    """A copy of the headers that the spec makes, to be changed."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = Path(folder.name)
        self.dir = self.top / "headers"
        shutil.copytree(OURS, self.dir)

    def edit(self, name, old, new):
        path = self.dir / name
        text = path.read_text(encoding="utf-8")
        self.assertIn(old, text)
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def line_of(self, name, text):
        lines = (self.dir / name).read_text(encoding="utf-8").splitlines()
        return next(i for i, line in enumerate(lines, 1) if text in line)

    def differences(self):
        status, out, err = run("--json", self.dir)
        made = json.loads(out)
        self.assertEqual((status, err, made["equal"]),
                         (1 if made["differences"] else 0, "", not made["differences"]))
        return made["differences"]

    def only(self, change, kind, name, spec, there):
        """Exactly this one, in the JSON and in the table; returns what goes with it."""
        with mock.patch.object(headers, "read", functools.lru_cache(headers.read)):
            found = self.differences()
            status, out, _ = run(self.dir)
        self.assertEqual([(d["change"], d["kind"], d["name"], d["spec"], d["headers"])
                          for d in found], [(change, kind, name, spec, there)])
        rows = out.splitlines()
        self.assertEqual((status, len(rows)), (1, 5), out)
        self.assertRegex(rows[2], rf"^{change} +{kind} +{re.escape(name)}  ")
        self.assertTrue(rows[4].endswith(f"1 difference (1 {change})"), out)
        return found[0]


class Equal(Copy):
    def test_our_own_headers(self):
        status, out, err = run(OURS)
        self.assertEqual((status, err), (0, ""))
        self.assertRegex(out, r"equal: \d+ functions, \d+ inline functions, \d+ types, \d+ fields, "
                              r"\d+ enums, \d+ enumerators, \d+ macros\n$")

    def test_json(self):
        self.assertEqual(self.differences(), [])

    def test_nothing_to_propose_is_a_comment(self):
        status, out, _ = run("--propose", self.dir)
        self.assertEqual((status, out[:2], out.count("\n")), (0, "# ", 1))

    def test_folders_around_the_headers_do_too(self):
        for below in ("onload", "include/onload", "usr/include/onload", "src/include/onload"):
            around = self.top / below.replace("/", "-")
            shutil.copytree(OURS, around / below)
            status, out, _ = run(around)
            self.assertEqual(status, 0)
            self.assertTrue(out.startswith(f"{around / below} and "), out)

    def test_a_relative_folder_is_below_where_bazel_run_was_typed(self):
        where = {"BUILD_WORKING_DIRECTORY": str(self.top), "BUILD_WORKSPACE_DIRECTORY": str(ROOT)}
        with mock.patch.dict(os.environ, where):
            status, out, _ = run("headers")
        self.assertEqual(status, 0)
        self.assertTrue(out.startswith("headers and codegen/tests/small.yaml are equal: "), out)

    def test_headers_that_include_nothing(self):
        for path in self.dir.iterdir():
            text = path.read_text(encoding="utf-8")
            path.write_text(re.sub(r"(?m)^#include.*\n", "", text), encoding="utf-8")
        self.assertEqual(self.differences(), [])

    def test_another_spelling_of_the_same(self):
        self.edit(API, "unsigned *state", "unsigned int* state")
        self.edit(STAMPS, "uint32_t nsec;", "unsigned nsec;")
        self.edit(API, "#define ONLOAD_MSG_WARM 0x400", "#define ONLOAD_MSG_WARM (1 << 10)")
        self.edit(API, "ONLOAD_THIS_THREAD = 0,", "ONLOAD_THIS_THREAD,")
        self.edit(API, "int onload_move_fd(int fd);", "extern int onload_move_fd(int);")
        self.assertEqual(self.differences(), [])

    def test_a_macro_that_is_undefined_again(self):
        self.edit(API, "int onload_move_fd(", "#define HELPER 9\n#undef HELPER\nint onload_move_fd(")
        self.assertEqual(self.differences(), [])

    def test_the_name_of_a_struct_of_the_system(self):
        self.edit(API, "int onload_move_fd(", "struct sockaddr;\nint onload_move_fd(")
        self.assertEqual(self.differences(), [])


class Functions(Copy):
    def test_added(self):
        self.edit(API, "int onload_move_fd(", "int onload_new(int fd, const char *const *names);\n"
                                              "int onload_move_fd(")
        d = self.only("new", "function", "onload_new", "", "int (int fd, const char *const *names)")
        self.assertEqual((d["file"], d["line"], d["spec_line"]),
                         (API, self.line_of(API, "onload_new"), 0))

    def test_removed(self):
        self.edit(API, "int onload_move_fd(int fd);", "")
        d = self.only("gone", "function", "onload_move_fd", "int (int fd)", "")
        line = SPEC[:SPEC.index("- name: onload_move_fd")].count("\n") + 1
        self.assertEqual((d["file"], d["spec_line"]), ("", line))
        self.assertIn(f"small.yaml:{line} ", run(self.dir)[1])

    def test_one_parameter_more(self):
        self.edit(API, "int onload_move_fd(int fd);", "int onload_move_fd(int fd, unsigned flags);")
        self.only("different", "function", "onload_move_fd", "int (int fd)",
                  "int (int fd, unsigned int flags)")

    def test_another_type_of_a_parameter(self):
        self.edit(API, "int onload_move_fd(int fd);", "int onload_move_fd(long fd);")
        self.only("different", "function", "onload_move_fd", "int (int fd)", "int (long fd)")

    def test_a_type_that_is_another_on_i386_alone(self):
        self.edit(API, "(const char *opt, int64_t val)", "(const char *opt, long val)")
        self.only("different", "function", "onload_stack_opt_set_int",
                  "int (const char *opt, int64_t val)", "int (const char *opt, long val)")

    def test_a_const_less(self):
        self.edit(API, "(const char *opt, int64_t val)", "(char *opt, int64_t val)")
        self.only("different", "function", "onload_stack_opt_set_int",
                  "int (const char *opt, int64_t val)", "int (char *opt, int64_t val)")

    def test_another_name_of_a_parameter(self):
        self.edit(API, "int onload_move_fd(int fd);", "int onload_move_fd(int socket);")
        self.only("different", "function", "onload_move_fd", "int (int fd)", "int (int socket)")

    def test_another_returned_type(self):
        self.edit(API, "int onload_move_fd(int fd);", "void onload_move_fd(int fd);")
        self.only("different", "function", "onload_move_fd", "int (int fd)", "void (int fd)")

    def test_variadic(self):
        self.edit(API, "int onload_move_fd(int fd);", "int onload_move_fd(int fd, ...);")
        self.only("different", "function", "onload_move_fd", "int (int fd)", "int (int fd, ...)")

    def test_another_header(self):
        self.edit(API, "int onload_move_fd(int fd);", "")
        self.edit(ZC, "int onload_zc_send(", "int onload_move_fd(int fd);\nint onload_zc_send(")
        self.only("different", "function", "onload_move_fd", f"in {API}", f"in {ZC}")

    def test_hidden(self):
        self.edit(API, "int onload_move_fd(int fd);",
                  "#ifndef ONLOAD_INCLUDE_DS_DATA_ONLY\nint onload_move_fd(int fd);\n#endif")
        self.only("different", "function", "onload_move_fd", "always there",
                  "hidden by ONLOAD_INCLUDE_DS_DATA_ONLY")

    def test_an_ended_one_is_new_again(self):
        self.edit(ZC, "int onload_zc_send(",
                  "int onload_zc_buffer_incref(int fd, onload_zc_handle buf);\nint onload_zc_send(")
        d = self.only("new", "function", "onload_zc_buffer_incref", "",
                      "int (int fd, onload_zc_handle buf)")
        self.assertEqual(d["note"], "new again: in the spec until 8.1.0")

    def test_one_that_no_header_had(self):
        self.edit(API, "int onload_move_fd(",
                  "int oo_raw_send(int fd, int hwport, const struct iovec *iov, int iovcnt);\n"
                  "int onload_move_fd(")
        d = self.only("new", "function", "oo_raw_send", "",
                      "int (int fd, int hwport, const struct iovec *iov, int iovcnt)")
        self.assertIn("without a header", d["note"])

    def test_inline(self):
        self.edit(API, "int bytes, int push)", "int bytes, long push)")
        self.only("different", "inline", "onload_delegated_send_tcp_update",
                  "static inline void (struct onload_delegated_send *ds, int bytes, int push)",
                  "static inline void (struct onload_delegated_send *ds, int bytes, long push)")


class Types(Copy):
    def test_a_field_widened(self):
        self.edit(API, "int32_t endpoint_state;", "int64_t endpoint_state;")
        d = self.only("different", "field", "onload_stat.endpoint_state", "int32_t", "int64_t")
        self.assertEqual(d["note"], "struct onload_stat: 24 (i386 16) bytes -> 32 (i386 20) bytes")

    def test_a_field_added_in_the_middle(self):
        self.edit(API, "int32_t endpoint_id;", "int32_t domain;\n\tint32_t endpoint_id;")
        d = self.only("new", "field", "onload_stat.domain", "", "int32_t at offset 16 (i386 8)")
        self.assertEqual(d["note"], "struct onload_stat: 24 (i386 16) bytes -> 32 (i386 20) bytes")

    def test_a_field_removed(self):
        self.edit(API, "\tint cong_window;\n", "")
        self.only("gone", "field", "onload_tcp_info.cong_window", "int at offset 32", "")

    def test_fields_in_another_order(self):
        self.edit(API, "\tint32_t endpoint_id;\n\tint32_t endpoint_state;",
                  "\tint32_t endpoint_state;\n\tint32_t endpoint_id;")
        self.only("different", "type", "struct onload_stat",
                  "stack_id, stack_name, endpoint_id, endpoint_state",
                  "stack_id, stack_name, endpoint_state, endpoint_id")

    def test_packed(self):
        self.edit(API, "struct onload_ordered_epoll_event {",
                  "struct __attribute__((packed)) onload_ordered_epoll_event {")
        self.only("different", "type", "struct onload_ordered_epoll_event",
                  "24 (i386 12) bytes; aligned to 8 (i386 4)", "20 (i386 12) bytes; aligned to 1")

    def test_the_width_of_a_bit_field(self):
        self.edit(ZC, "uint64_t iov_len : 48; /*", "uint64_t iov_len : 40; /*")
        self.only("different", "field", "onload_zc_iovec.iov_len", "uint64_t : 48", "uint64_t : 40")

    def test_padding_between_bit_fields(self):
        self.edit(STAMPS, "\tunsigned flags : 8; /*", "\tunsigned : 2;\n\tunsigned flags : 6; /*")
        self.only("different", "field", "onload_timestamp.flags", "unsigned int : 8",
                  "unsigned int : 6")

    def test_a_member_of_a_union(self):
        self.edit(ZC, "\t\tuint64_t iov_ptr;", "\t\tuint64_t iov_ptr;\n\t\tchar *iov_text;")
        self.only("new", "field", "onload_zc_iovec.iov_text", "", "char * at offset 0")

    def test_what_contains_the_struct_is_told_with_it(self):
        self.edit(ZC, "\tstruct msghdr msghdr;", "\tstruct msghdr msghdr;\n\tlong more;")
        d = self.only("new", "field", "onload_zc_msg.more", "", "long at offset 64 (i386 32)")
        self.assertEqual([f["name"] for f in d["follows"]],
                         ["struct onload_zc_mmsg", "struct onload_zc_recv_args"])
        self.assertIn("so also struct onload_zc_mmsg: 72 (i386 40) bytes; rc at 64 (i386 32), ",
                      run(self.dir)[1])

    def test_added(self):
        self.edit(API, "struct onload_stat {", "struct onload_new { int a; };\nstruct onload_stat {")
        self.only("new", "type", "struct onload_new", "", "4 bytes, a")

    def test_a_struct_that_is_no_longer_defined(self):
        self.edit(API, "struct onload_tcp_info {", "struct onload_tcp_info;\nstruct other {")
        found = {(d["change"], d["name"], d["headers"]) for d in self.differences()}
        self.assertIn(("different", "struct onload_tcp_info", "not defined"), found)

    def test_an_ended_one_is_new_again(self):
        self.edit(ZC, "int onload_zc_send(", "struct onload_zc_hlrx;\nint onload_zc_send(")
        d = self.only("new", "type", "struct onload_zc_hlrx", "", "not defined")
        self.assertEqual(d["note"], "new again: in the spec until 8.1.0")

    def test_a_handle(self):
        self.edit(ZC, "struct oo_zc_buf *onload_zc_handle", "struct oo_other *onload_zc_handle")
        self.only("different", "type", "onload_zc_handle", "struct oo_zc_buf *", "struct oo_other *")

    def test_a_callback(self):
        self.edit(ZC, "\t\tvoid *arg, int flags);", "\t\tvoid *arg);")
        self.only("different", "type", "onload_zc_recv_filter_callback",
                  "enum onload_zc_callback_rc (*)(struct onload_zc_msg *msg, void *arg, int flags)",
                  "enum onload_zc_callback_rc (*)(struct onload_zc_msg *msg, void *arg)")

    def test_a_variable(self):
        self.edit(API, "int onload_move_fd(", "extern int onload_count;\nint onload_move_fd(")
        self.only("new", "variable", "onload_count", "", "int")


class Numbers(Copy):
    def test_an_enumerator_added(self):
        self.edit(API, "\tONLOAD_SCOPE_GLOBAL = 4", "\tONLOAD_SCOPE_GLOBAL = 4,\n\tONLOAD_SCOPE_NEW")
        d = self.only("new", "enumerator", "ONLOAD_SCOPE_NEW", "", "5")
        self.assertEqual(d["note"], "in enum onload_stackname_scope")

    def test_an_enumerator_inserted_that_moves_the_next(self):
        self.edit(ZC, "\tONLOAD_ZC_BUFFER_HDR_TCP = 2\n",
                  "\tONLOAD_ZC_NEW,\n\tONLOAD_ZC_BUFFER_HDR_TCP\n")
        self.assertEqual([(d["change"], d["name"], d["spec"], d["headers"])
                          for d in self.differences()],
                         [("new", "ONLOAD_ZC_NEW", "", "2"),
                          ("different", "ONLOAD_ZC_BUFFER_HDR_TCP", "2", "3")])

    def test_an_enumerator_removed(self):
        self.edit(ZC, "\tONLOAD_ZC_BUFFER_HDR_TCP = 2\n", "")
        self.only("gone", "enumerator", "ONLOAD_ZC_BUFFER_HDR_TCP", "2", "")

    def test_an_enumerator_of_an_enum_without_a_name(self):
        self.edit(API, "int onload_move_fd(", "enum { ONLOAD_NEW = -1 };\nint onload_move_fd(")
        self.only("new", "enumerator", "ONLOAD_NEW", "", "-1")

    def test_an_enum_added(self):
        self.edit(API, "int onload_move_fd(", "enum onload_new { ONLOAD_A, ONLOAD_B = 7 };\n"
                                              "int onload_move_fd(")
        self.only("new", "enum", "enum onload_new", "", "ONLOAD_A = 0, ONLOAD_B = 7")

    def test_a_value_changed(self):
        self.edit(API, "#define ONLOAD_MSG_ONEPKT 0x20000", "#define ONLOAD_MSG_ONEPKT 0x40000")
        self.only("different", "macro", "ONLOAD_MSG_ONEPKT", "0x20000", "0x40000")

    def test_what_is_made_with_the_macro_is_told_with_it(self):
        self.edit(API, "#define ONLOAD_MSG_WARM 0x400", "#define ONLOAD_MSG_WARM 0x800")
        d = self.only("different", "macro", "ONLOAD_MSG_WARM", "0x400", "0x800")
        self.assertEqual([(f["name"], f["spec"], f["headers"]) for f in d["follows"]],
                         [("ONLOAD_ZC_SEND_FLAGS_MASK", "0x8400", "0x8800")])

    def test_a_pointer(self):
        self.edit(ZC, "((onload_zc_handle)(uintptr_t)-1)", "((onload_zc_handle)(uintptr_t)-2)")
        self.only("different", "macro", "ONLOAD_ZC_HANDLE_NONZC", "pointer -1", "pointer -2")

    def test_added(self):
        for text, value in (("(1ULL << 63)", "0x8000000000000000"), ("(-1)", "-1"),
                            ("(sizeof(struct onload_stat) | ONLOAD_MSG_WARM)", "0x418"),
                            ('"text"', '"text"'), ("onload_move_fd", "onload_move_fd"),
                            ("", "nothing")):
            with self.subTest(text):
                self.edit(API, "int onload_move_fd(", f"#define ONLOAD_NEW {text}\n"
                                                      "int onload_move_fd(")
                self.only("new", "macro", "ONLOAD_NEW", "", value)
                self.edit(API, f"#define ONLOAD_NEW {text}\n", "")

    def test_with_parameters(self):
        self.edit(API, "int onload_move_fd(", "#define ONLOAD_NEW(x) ((x) + 1)\n"
                                              "int onload_move_fd(")
        self.only("new", "macro", "ONLOAD_NEW", "", "(x) ((x) + 1)")

    def test_removed(self):
        self.edit(API, "#define ONLOAD_MSG_ONEPKT 0x20000\n", "")
        self.only("gone", "macro", "ONLOAD_MSG_ONEPKT", "0x20000", "")


class Headers(Copy):
    def test_new_ones_that_need_each_other(self):
        (self.dir / "extensions_a.h").write_text('#include "extensions_b.h"\n'
                                                 "struct onload_a { struct onload_b b; };\n")
        (self.dir / "extensions_b.h").write_text("#pragma once\nstruct onload_b { int x; };\n")
        self.assertEqual([(d["kind"], d["name"]) for d in self.differences()],
                         [("header", "extensions_a.h"), ("header", "extensions_b.h"),
                          ("type", "struct onload_a"), ("type", "struct onload_b")])

    def test_two_that_include_each_other(self):
        (self.dir / "extensions_b.h").write_text(
            "#ifndef B\n#define B\nstruct onload_b { struct onload_c *c; };\n"
            "#include <onload/extensions_c.h>\n#endif\n")
        (self.dir / "extensions_c.h").write_text(
            "#ifndef C\n#define C\n#include <onload/extensions_b.h>\n"
            "struct onload_c { struct onload_b b; };\n#endif\n")
        self.assertEqual([d["name"] for d in self.differences() if d["kind"] == "type"],
                         ["struct onload_b", "struct onload_c"])

    def test_gone(self):
        (self.dir / ZC).unlink()
        found = self.differences()
        self.assertEqual({d["change"] for d in found}, {"gone"})
        self.assertEqual((found[0]["kind"], found[0]["name"]), ("header", ZC))

    def test_another_include_guard(self):
        for _ in range(2):
            self.edit(STAMPS, " __ONLOAD_EXTENSIONS_TIMESTAMPING_H__\n", " OTHER\n")
        self.only("different", "header", STAMPS, "__ONLOAD_EXTENSIONS_TIMESTAMPING_H__", "OTHER")


class Unreadable(Copy):
    def refusal(self, *args):
        status, out, err = run(*(args or [self.dir]))
        self.assertEqual((status, out), (2, ""))
        self.assertEqual(err.count("\n"), 1, err)
        return err

    def test_a_broken_header(self):
        self.edit(API, "int onload_move_fd(int fd);", "int onload_move_fd(int fd;")
        line = self.line_of(API, "int onload_move_fd(int fd")
        self.assertIn(f"{self.dir}/{API}:{line}: expected ')'", self.refusal())
        self.assertIn("mend that line", self.refusal())

    def test_a_type_that_nobody_declares(self):
        self.edit(ZC, "int onload_zc_recv(int fd,", "int onload_zc_recv(onload_fd fd,")
        line = self.line_of(ZC, "onload_fd fd")
        self.assertIn(f"{self.dir}/{ZC}:{line}: unknown type name 'onload_fd'", self.refusal())

    def test_a_header_that_lacks_an_include(self):
        (self.dir / "extensions_a.h").write_text("struct onload_a { struct onload_b b; };\n")
        (self.dir / "extensions_b.h").write_text("struct onload_b { int x; };\n")
        err = self.refusal()
        self.assertIn(f"{self.dir}/extensions_a.h:1: field has incomplete type 'struct onload_b'; mend that "
                      "line, add the #include that it lacks, ", err)
        self.assertIn(f"included in the order {API}, {STAMPS}, {ZC}, extensions_a.h, extensions_b.h", err)

    def test_an_error_on_one_machine(self):
        self.edit(ZC, "#include", "#ifdef __i386__\n#error 64 bits only\n#endif\n#include")
        line = self.line_of(ZC, "#error")
        self.assertIn(f"{self.dir}/{ZC}:{line}: 64 bits only (on i386)", self.refusal())

    def test_an_include_that_is_not_there(self):
        self.edit(ZC, "#include", "#include <etherfabric/ef_vi.h>\n#include")
        err = self.refusal()
        self.assertIn(f"{self.dir}/{ZC}:{self.line_of(ZC, 'ef_vi')}: 'etherfabric/ef_vi.h' file not "
                      "found", err)
        self.assertIn("give the include folder of a whole Onload", err)

    def test_a_header_that_cannot_be_opened(self):
        (self.dir / ZC).unlink()
        (self.dir / ZC).symlink_to("nowhere")
        self.assertIn(f"{self.dir}: 'onload/{ZC}' file not found", self.refusal())

    def test_no_folder(self):
        self.assertIn(f"{self.top}/none: no such folder; give ", self.refusal(self.top / "none"))

    def test_a_folder_without_headers(self):
        (self.top / "empty").mkdir()
        self.assertIn(f"{self.top}/empty: no extensions*.h in it", self.refusal(self.top / "empty"))

    def test_a_wrong_spec(self):
        spec = self.top / "spec.yaml"
        spec.write_text(SPEC.replace("answer: {value: 0}", "anser: {value: 0}"), encoding="utf-8")
        status, _, err = run("--spec", spec, self.dir)
        self.assertEqual(status, 2)
        self.assertRegex(err, rf"(?m)^{re.escape(str(spec))}:\d+: .*unknown key 'anser'")

    def test_a_spec_whose_headers_do_not_compile(self):
        spec = self.top / "spec.yaml"
        spec.write_text(SPEC.replace("{fd: int}, {stat: ", "{fd: nfds_t}, {stat: "), encoding="utf-8")
        status, _, err = run("--spec", spec, self.dir)
        self.assertEqual(status, 2)
        self.assertRegex(err, r"^generated/include/onload/extensions.h:\d+: unknown type name 'nfds_t'; "
                              r"this is what the spec makes: mend the entry there")

    def test_no_spec(self):
        self.assertIn(f"{self.top}/none.yaml: cannot be read",
                      self.refusal("--spec", self.top / "none.yaml", self.dir))

    def test_no_libclang(self):
        with mock.patch.object(headers, "cindex", None):
            self.assertIn("run ./setup.sh, or install Debian's python3-clang", self.refusal())

    def test_help_shows_an_example(self):
        out = io.StringIO()
        with self.assertRaises(SystemExit) as stopped, contextlib.redirect_stdout(out):
            diff_headers.main(["--help"])
        self.assertEqual(stopped.exception.code, 0)
        self.assertIn("  bazel run //codegen:diff_headers -- ", out.getvalue())


class Proposals(Copy):
    """What --propose prints, pasted into a copy of the spec, makes it describe the headers."""

    def propose(self, *args):
        status, out, err = run("--propose", *args, self.dir)
        self.assertEqual((status, err), (1, ""))
        return out

    @staticmethod
    def paste(proposal):
        """As a person would: entries below their heading, replacements in the place of others,
        and deletions as the remarks say."""
        lines = SPEC.splitlines()

        def end_of_entry(start):
            end = start + 1
            while end < len(lines) and re.match(r"    ", lines[end]):
                end += 1
            return end

        edits = [(int(n) - 1, end_of_entry(int(n) - 1), [])
                 for n in re.findall(r"^# .*: delete its entry, line (\d+)\.$", proposal, re.M)]
        for section, text in re.findall(r"^(\w+):\n((?:  .*\n|\n)+)", proposal, re.M):
            head = lines.index(f"{section}:")
            end = next((i for i in range(head + 1, len(lines)) if re.match(r"\w", lines[i])),
                       len(lines))
            end = next(i for i in range(end, head, -1) if lines[i - 1].strip())
            for entry in re.findall(r"((?:  #.*\n)?  - .*\n(?:    .*\n)*)", text):
                replaced = re.match(r"  # replaces line (\d+).*\n", entry)
                if replaced:
                    start = int(replaced.group(1)) - 1
                    edits.append((start, end_of_entry(start), entry.splitlines()[1:]))
                else:
                    edits.append((end, end, entry.splitlines()))
        edits.sort(key=lambda edit: edit[0])
        for start, stop, new in reversed(edits):
            lines[start:stop] = new
        return "\n".join(lines) + "\n"

    def generate(self, text):
        """(status, complaint) of the generator, about a spec of that text."""
        spec = self.top / "spec.yaml"
        spec.write_text(text, encoding="utf-8")
        status, _, err = called(codegen.main, "--spec", spec, "--out", self.top / "out")
        return status, err

    def accepted(self, *args):
        """The proposal, after it was seen to describe the headers once it was filled in."""
        proposal = self.propose(*args)
        filled = proposal.replace("Not described yet.", "Described.")
        filled = re.sub(r"^    answer:  #.*$", "    answer: {neg_errno: ENOSYS}", filled, flags=re.M)
        filled = re.sub(r"^    body:  #.*$", "    body: |\n      return 0;", filled, flags=re.M)
        self.assertEqual(self.generate(self.paste(filled)), (0, ""), proposal)
        status, out, err = run("--spec", self.top / "spec.yaml", self.dir)
        self.assertEqual((status, err), (0, ""), out + proposal)
        made = self.top / "out/include"
        done = subprocess.run(["gcc", "-xc", "-Wall", "-Werror", "-fsyntax-only", f"-I{made}", "-"],
                              input="".join(f"#include <onload/{path.name}>\n"
                                            for path in sorted((made / "onload").iterdir())),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(done.stdout, "")
        return proposal

    def test_a_function(self):
        self.edit(API, "int onload_move_fd(", "int onload_new(int fd, const struct iovec *v);\n"
                                              "int onload_move_fd(")
        entry = ("  - name: onload_new\n    returns: int\n"
                 '    args: [{fd: int}, {v: "const struct iovec *"}]\n'
                 "    header: extensions.h\n    group: stacks\n")
        proposal = self.accepted()
        self.assertIn(entry, proposal)
        self.assertNotIn("releases:", proposal)
        self.assertNotIn("replaces line", proposal)

    def test_the_answer_is_left_to_be_written(self):
        self.edit(API, "int onload_move_fd(", "int onload_new(int fd);\nint onload_move_fd(")
        status, err = self.generate(self.paste(self.propose()))
        self.assertEqual((status, err.count("\n")), (2, 3), err)
        self.assertIn("onload_new: answer: nothing is written here; write {value: N}", err)

    def test_the_words_are_left_to_be_written(self):
        self.edit(API, "int onload_move_fd(", "int onload_new(int fd);\nint onload_move_fd(")
        status, err = self.generate(re.sub(r"answer:  #.*", "answer: {value: 0}",
                                           self.paste(self.propose())))
        self.assertEqual((status, err.count("\n")), (2, 2), err)
        self.assertIn("onload_new: doc: 'Not described yet.' does not do; write what the header", err)

    def test_a_new_release(self):
        self.edit(API, "int onload_move_fd(", "int onload_new(int fd);\nint onload_move_fd(")
        proposal = self.accepted("--release", NEXT)
        self.assertIn(f'  - {{name: "{NEXT}", ext_version: {list(LAST.ext_version)}, '
                      f"soname: {LAST.soname}}}\n", proposal)
        self.assertIn(f'    since: "{NEXT}"\n', proposal)

    def test_a_hidden_function(self):
        self.edit(API, "int onload_delegated_send_cancel(",
                  "int onload_new(int fd);\nint onload_delegated_send_cancel(")
        self.assertIn("    ds_data_only: hidden\n", self.accepted())

    def test_a_gone_function(self):
        self.edit(API, "int onload_move_fd(int fd);", "")
        self.assertRegex(self.accepted("--release", NEXT),
                         r"# replaces line \d+: gone\n  - name: onload_move_fd\n(?:    .*\n)*"
                         r"    header: null\n(?:    .*\n)*"
                         rf'    until: "{re.escape(LAST.name)}"\n')

    def test_a_function_that_is_gone_in_its_first_release(self):
        self.edit(API, "int onload_socket_rx_nonaccel(int domain, int type, int protocol);", "")
        self.assertIn("# onload_socket_rx_nonaccel is gone: delete its entry, line ",
                      self.accepted("--release", "9.0.0"))

    def test_a_function_with_other_parameters_keeps_its_answer(self):
        self.edit(API, "int onload_move_fd(int fd);", "int onload_move_fd(int, long *where);")
        self.assertRegex(self.accepted(), r"  - name: onload_move_fd\n    returns: int\n"
                                          r'    args: \[\{fd: int\}, \{where: "long \*"\}\]\n'
                                          r"(?:    .*\n)*    answer: \{value: 0\}\n")

    def test_a_function_in_another_header(self):
        self.edit(API, "int onload_move_fd(int fd);", "")
        self.edit(ZC, "int onload_zc_send(", "int onload_move_fd(int fd);\nint onload_zc_send(")
        self.accepted()

    def test_a_function_that_is_back(self):
        self.edit(ZC, "int onload_zc_send(",
                  "int onload_zc_buffer_incref(int fd, onload_zc_handle buf);\nint onload_zc_send(")
        proposal = self.accepted("--release", NEXT)
        self.assertNotIn("until:", proposal)
        self.assertIn('    since: "8.0.0"\n    not_in: ["9.0.0", "9.2.0"]\n', proposal)

    def test_a_function_that_is_back_in_the_next_release(self):
        self.edit(ZC, "int onload_zc_send(",
                  "int onload_zc_buffer_incref(int fd, onload_zc_handle buf);\nint onload_zc_send(")
        self.assertNotIn("not_in:", self.accepted("--release", "9.0.0"))

    def test_a_struct_that_is_back(self):
        self.edit(ZC, "int onload_zc_send(", "struct onload_zc_hlrx;\n"
                  "int onload_zc_hlrx_alloc(int fd, int flags, struct onload_zc_hlrx **hlrx);\n"
                  "int onload_zc_send(")
        self.assertEqual(len(re.findall("# replaces line .*, which has ended\n", self.accepted())), 2)

    def test_a_struct_whose_name_alone_is_back(self):
        self.edit(ZC, "int onload_zc_send(", "struct onload_zc_hlrx;\nint onload_zc_send(")
        self.assertIn("    header: extensions_zc.h\n", self.accepted())

    def test_an_inline_function(self):
        self.edit(API, "static __inline void onload_delegated_send_tcp_update",
                  "static inline int onload_new(int fd) { return fd; }\n"
                  "static __inline void onload_delegated_send_tcp_update")
        self.assertIn("inlines:\n  - name: onload_new\n", self.accepted())

    def test_a_function_that_became_inline(self):
        self.edit(API, "int onload_move_fd(int fd);",
                  "static inline int onload_move_fd(int fd) { return fd; }")
        self.assertIn("# onload_move_fd is no longer in functions: delete its entry", self.accepted())

    def test_types(self):
        self.edit(API, "int onload_move_fd(", """
struct onload_odd {
	char a;
	union { void *p; uint64_t q; };
	uint64_t low : 40, high : 24;
	unsigned b : 4;
	long y[3];
};
struct onload_hidden;
typedef struct onload_hidden *onload_hidden_handle;
typedef int (*onload_cb)(struct onload_later *later, const char *name);
struct onload_later { struct onload_odd odd; onload_cb cb; };
typedef uint16_t onload_small;
int onload_new(onload_hidden_handle h, onload_cb cb, struct onload_later *l, onload_small s);
int onload_move_fd(""")
        proposal = self.accepted()
        self.assertIn("""\
    size: {x86_64: 56, i386: 36, aarch64: 56}
    align: {x86_64: 8, i386: 4, aarch64: 8}
    fields:
      - {name: a, type: char, offset: {x86_64: 0, i386: 0, aarch64: 0}}
      - union:
          - {name: p, type: "void *"}
          - {name: q, type: uint64_t}
        offset: {x86_64: 8, i386: 4, aarch64: 8}
      - {name: low, type: uint64_t, offset: {x86_64: 16, i386: 12, aarch64: 16}, bits: {first: 0, width: 40}}
      - {name: high, type: uint64_t, offset: {x86_64: 16, i386: 12, aarch64: 16}, bits: {first: 40, width: 24}}
      - {name: b, type: unsigned, offset: {x86_64: 24, i386: 20, aarch64: 24}, bits: {first: 0, width: 4}}
      - {name: y, type: "long [3]", offset: {x86_64: 32, i386: 24, aarch64: 32}}
""", proposal)

    def test_a_struct_and_what_contains_it_are_replaced(self):
        self.edit(STAMPS, "\tuint64_t sec;", "\tuint64_t era;\n\tuint64_t sec;")
        proposal = self.accepted()
        self.assertEqual(re.findall(r"  # replaces line \d+\n  - name: (\w+)", proposal),
                         ["onload_timestamp", "scm_timestamping_ooext"])
        self.assertIn('doc: "SOF_TIMESTAMPING_* bits: whose stamp it is"', proposal)

    def test_a_gone_type(self):
        text = (self.dir / API).read_text(encoding="utf-8")
        without = re.sub(r"struct onload_tcp_info \{.*?\};", "", text, flags=re.S)
        (self.dir / API).write_text(without, encoding="utf-8")
        self.edit(API, "int onload_get_tcp_info(int fd, struct onload_tcp_info *info, int *len_in_out);",
                  "")
        self.accepted("--release", NEXT)

    def test_enumerators_and_macros(self):
        self.edit(ZC, "\tONLOAD_ZC_BUFFER_HDR_TCP = 2\n",
                  "\tONLOAD_ZC_NEW,\n\tONLOAD_ZC_BUFFER_HDR_TCP\n")
        self.edit(API, "#define ONLOAD_MSG_WARM 0x400", "#define ONLOAD_MSG_WARM 0x800\n"
                  "#define ONLOAD_NEW (ONLOAD_MSG_WARM | 0x1)\n"
                  "#define ONLOAD_NOWHERE ((void *)0)\n"
                  "enum onload_new { ONLOAD_A, ONLOAD_B = MSG_MORE };")
        self.edit(API, "#define ONLOAD_MSG_ONEPKT 0x20000\n", "")
        proposal = self.accepted("--release", NEXT)
        self.assertIn('    expression: "(ONLOAD_MSG_WARM | 0x1)"\n    value: 0x801\n', proposal)
        self.assertIn("    value: 0\n    pointer: true\n", proposal)
        self.assertIn("      - {name: ONLOAD_B, value: 0x8000, expression: MSG_MORE}\n", proposal)
        self.assertIn(f'      - {{name: ONLOAD_ZC_NEW, value: 2, since: "{NEXT}"}}\n', proposal)
        self.assertIn("    value: 0x8800\n", proposal)  # ONLOAD_ZC_SEND_FLAGS_MASK, too
        self.assertIn("# ONLOAD_MSG_ONEPKT is gone: delete its entry, line ", proposal)

    def test_a_header(self):
        (self.dir / "extensions_more.h").write_text(
            "#pragma once\n#include <stdint.h>\n#include \"extensions.h\"\n"
            "int onload_more(int fd, uint32_t how);\n")
        proposal = self.accepted()
        self.assertIn("groups:\n  - {name: more, title: More}\n", proposal)
        self.assertIn("    includes: [stdint.h, onload/extensions.h]\n", proposal)

    def test_what_others_of_onload_s_headers_declare(self):
        self.beside_others()
        self.edit(ZC, "int onload_zc_send(", "int onload_new(ef_token token, struct ef_memreg *reg, enum ef_mode "
                                             "mode, struct ef_pair pair);\nint onload_zc_send(")
        self.edit(ZC, "\tvoid *unused;", "\tef_token unused;")
        found = {(d["change"], d["name"], d["headers"], d["origin"]) for d in self.differences()}
        self.assertEqual(found - {("new", "onload_new", "int (ef_token token, struct ef_memreg *reg, enum ef_mode "
                                   "mode, struct ef_pair pair)", "")}, {
            ("new", "ef_token", "uint64_t", "etherfabric/ef_vi.h"),
            ("new", "struct ef_memreg", "not defined", "etherfabric/ef_vi.h"),
            ("new", "struct ef_pair", "8 bytes, a", "etherfabric/ef_vi.h"),
            ("new", "enum ef_mode", "EF_A = 0, EF_B = 4", "etherfabric/ef_vi.h"),
            ("different", "onload_zc_iovec.unused", "ef_token", "")})
        self.assertRegex(run(self.dir)[1], f"new +type +ef_token +{ZC}:\\d+ +uint64_t; declared in "
                                           "etherfabric/ef_vi.h\n")
        proposal = self.accepted()
        self.assertNotIn("ef_other", proposal)
        self.assertIn("    source: etherfabric/ef_vi.h\n", proposal)

    def test_a_type_from_elsewhere_without_a_name(self):
        self.beside_others()
        self.edit(ZC, "int onload_zc_send(", "int onload_new(ef_nameless *x, ef_choice y);\nint onload_zc_send(")
        self.assertEqual({d["name"] for d in self.differences()},
                         {"onload_new", "ef_nameless", "ef_choice", "ef_token"})
        proposal = self.propose()
        self.assertRegex(proposal, r"(?m)^# ef_nameless .*the spec has no form for this type")
        self.assertNotIn('name: ""', proposal)

    def test_a_type_from_elsewhere_that_has_ended_is_back(self):
        self.beside_others()
        self.edit(ZC, "int onload_zc_send(", "int onload_new(ef_addrspace space);\nint onload_zc_send(")
        self.assertRegex(self.accepted(), "# replaces line .*, which has ended\n  - name: ef_addrspace\n")

    def test_a_new_header_that_includes_others_of_onload_s(self):
        self.beside_others()
        (self.dir / "extensions_more.h").write_text("#include <stdint.h>\n#include <etherfabric/ef_vi.h>\n"
                                                    "int onload_more(ef_token token);\n")
        proposal = self.accepted()
        self.assertIn("# extensions_more.h includes etherfabric/ef_vi.h, which programs may not have", proposal)
        self.assertIn("    includes: [stdint.h]\n", proposal)

    def beside_others(self):
        """Puts the headers where they can include another of Onload's, and do."""
        self.dir = self.dir.rename(self.top / "onload")
        (self.top / "etherfabric").mkdir()
        (self.top / "etherfabric/ef_vi.h").write_text("""#pragma once
#include <stdint.h>
typedef uint64_t ef_addrspace;
typedef uint64_t ef_token;
struct ef_other { int a; };
struct ef_memreg { struct ef_other other; };
struct ef_pair { ef_token a; };
enum ef_mode { EF_A, EF_B = 4 };
typedef struct { ef_token a; } ef_nameless;
typedef enum { EF_C } ef_choice;
int ef_unused(void);
""")
        self.edit(ZC, "#include", "#include <etherfabric/ef_vi.h>\n#include")

    def test_a_new_type_that_a_struct_before_it_needs(self):
        self.edit(API, "struct onload_stat {", "struct onload_id { int a, b; };\nstruct onload_stat {")
        self.edit(API, "int32_t endpoint_id;", "struct onload_id endpoint_id;")
        self.accepted()

    def test_what_the_spec_cannot_hold_is_named(self):
        self.edit(API, "int onload_move_fd(", """
#define ONLOAD_TEXT "text"
#define ONLOAD_ADD(x) ((x) + 1)
enum { ONLOAD_ALONE };
union onload_either { int a; long b; };
typedef struct { int a; } onload_nameless;
struct onload_outer { struct { int a; } inner; };
extern int onload_count;
int onload_print(const char *format, ...);
int onload_call(int (*function)(int));
int onload_move_fd(""")
        proposal = self.propose()
        for name in ("ONLOAD_TEXT", "ONLOAD_ADD", "ONLOAD_ALONE", "union onload_either",
                     "onload_nameless", "struct onload_outer", "onload_count", "onload_print"):
            self.assertRegex(proposal, rf"(?m)^# {name} \(extensions.h:\d+\): the spec has no form ")
        self.assertIn("# onload_call: the spec cannot spell 'int (*)(int)', the type of function",
                      proposal)

    def test_release_without_propose(self):
        err = io.StringIO()
        with self.assertRaises(SystemExit) as stopped, contextlib.redirect_stderr(err):
            diff_headers.main(["--release", NEXT, str(self.dir)])
        self.assertEqual(stopped.exception.code, 2)
        self.assertIn("--release goes with --propose", err.getvalue())


if __name__ == "__main__":
    unittest.main()
