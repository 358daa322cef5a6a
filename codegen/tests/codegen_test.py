#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the generator says of mistakes, and what it does to files.

Every mistake is made in a copy of small.yaml, so that no change of the real spec breaks a test.
"""

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).absolute().parents[2]
sys.path.insert(0, str(ROOT / "codegen"))

import main  # noqa: E402
import model  # noqa: E402
import options  # noqa: E402
import render  # noqa: E402
import spelling  # noqa: E402
import yaml_lines  # noqa: E402

SPEC = (ROOT / "codegen/tests/small.yaml").read_text(encoding="utf-8")
SCHEMA = json.loads((ROOT / "spec/onload_api.schema.json").read_text(encoding="utf-8"))


OPTIONS = (ROOT / "spec/onload_options.yaml").read_text(encoding="utf-8")
OPTIONS_SCHEMA = json.loads((ROOT / "spec/onload_options.schema.json").read_text(encoding="utf-8"))


def load_options(text):
    return options.load(text, OPTIONS_SCHEMA, "spec/onload_options.yaml")


def load(text):
    return model.load(text, SCHEMA, "small.yaml")


class SpecMistakes(unittest.TestCase):
    """Each mistake is told with its line, what is wrong, and what to write."""

    def complaint(self, text):
        with self.assertRaises(yaml_lines.SpecError) as caught:
            load(text)
        return str(caught.exception)

    def mistake(self, old, new, message, at=None, within=None):
        """Replaces the first `old` after `within`; at: the text whose line is to be named."""
        start = SPEC.index(within) if within else 0
        where = SPEC.index(old, start)
        text = SPEC[:where] + new + SPEC[where + len(old):]
        line = text[:text.index(at or new.strip(), where if at is None else 0)].count("\n") + 1
        self.assertIn(f"small.yaml:{line}: {message}", self.complaint(text))

    def test_the_spec_itself_has_none(self):
        self.assertTrue(load(SPEC).functions)

    def test_malformed_yaml(self):
        self.mistake("args: []", "args: [", "not YAML: ", within="- name: onload_is_present",
                     at="group: presence")

    def test_tab_in_indentation(self):
        self.assertRegex(self.complaint("releases:\n\t- x\n"), r"yaml:2: not YAML: .*check quotes")

    def test_empty_file(self):
        for text in ("", "# nothing yet\n", "null\n"):
            self.assertEqual(self.complaint(text), "small.yaml:1: empty; write releases:, groups: and "
                                                   "the other sections")

    def test_nothing_where_something_belongs(self):
        self.mistake("    answer: {value: 0}", "    answer:", "onload_is_present: answer: nothing is "
                     "written here; write {value: N}", within="- name: onload_is_present")

    def test_what_would_never_end(self):
        bomb = "a: &a [x, x]\n" + "".join(
            f"{after}: &{after} [*{before}, *{before}]\n"
            for before, after in zip("abcdefghijklmnopqrstuvwxy", "bcdefghijklmnopqrstuvwxyz"))
        for text, complaint in ((bomb, "small.yaml:2: alias '*a'; write out what it stands for"),
                                ("a:\n  - &a [*a]\n", "small.yaml:2: alias '*a'; "),
                                ("a: " + "[" * 5000, "small.yaml:1: nested deeper than 20 levels; "),
                                ("a: " + "- " * 5000, "small.yaml:1: ")):
            self.assertIn(complaint, self.complaint(text))

    def test_values_that_are_none(self):
        for value, told in (("2024-02-31", "2024-02-31"), ("!!int ''", ""), ("!!bool x", "x"),
                            ("1" * 5000, "1" * 40)):
            self.mistake("value: 0}", f"value: {value}}}", f"'{told}' is no number or date; put it in quotes")

    def test_unknown_key(self):
        self.mistake("    since:", "    sinse:", "onload_is_present: unknown key 'sinse'; "
                     "did you mean 'since'?", within="- name: onload_is_present")

    def test_unknown_key_unlike_any(self):
        self.mistake("    since:", "    zzz: 1\n    since:", "onload_is_present: unknown key 'zzz'; "
                     "known here: name, returns, ", within="- name: onload_is_present", at="zzz: 1")

    def test_unknown_section(self):
        self.assertIn("yaml:1: unknown key 'fuctions'; did you mean 'functions'?",
                      self.complaint("fuctions: []\n" + SPEC))

    def test_missing_key(self):
        self.mistake("    answer: {value: 0}\n", "", "onload_is_present: missing key 'answer'; write "
                     "answer: {value: N}, {neg_errno: E}", within="- name: onload_is_present",
                     at="name: onload_is_present")

    def test_missing_key_of_a_kind_of_type(self):
        self.mistake("    target: oo_zc_buf\n", "", "onload_zc_handle: missing key 'target'; write "
                     "target: a C identifier", at="name: onload_zc_handle")

    def test_key_of_another_kind_of_type(self):
        self.mistake("    kind: opaque\n", "    kind: opaque\n    target: x\n",
                     "epoll_event: key 'target' does not belong", at="target: x")

    def test_duplicate_key(self):
        self.mistake("    group: presence\n", "    group: presence\n    group: fd\n",
                     "onload_is_present: duplicate key 'group', first in line ",
                     within="- name: onload_is_present", at="group: fd")

    def test_wrong_type(self):
        self.mistake('since: "201205"', "since: 201205", "onload_is_present: since: 201205 is a "
                     "number; write the name of a release, in quotes",
                     within="- name: onload_is_present")

    def test_not_a_c_type(self):
        self.mistake('{state: "unsigned *"}', '{state: "unsigned*"}', "onload_thread_get_spin: state: "
                     "'unsigned*' does not do; write a C type, such as ")

    def test_abi_that_is_none(self):
        self.mistake("abi: [i386]", "abi: [i686]", "__recvmsg64: abi: unknown value 'i686'; did "
                     "you mean 'i386'?", within="- name: __recvmsg64")

    def test_argument_that_is_no_name(self):
        self.mistake("{fd: int}", "{f d: int}", "onload_move_fd: args: 'f d' does not do; write a "
                     "C identifier", within="- name: onload_move_fd")

    def test_two_arguments_in_one_map(self):
        self.mistake("{fd: int}", "{fd: int, by: int}", "onload_move_fd: args: ",
                     within="- name: onload_move_fd")

    def test_duplicate_argument(self):
        self.mistake("{type: int}", "{domain: int}", "duplicate name 'domain', first in "
                     "line", within="- name: onload_socket_nonaccel")

    def test_unknown_kind(self):
        self.mistake("kind: struct", "kind: strukt", "onload_stat: kind: unknown value 'strukt'; did "
                     "you mean 'struct'?")

    def test_unknown_release(self):
        self.mistake('since: "201205"', 'since: "201206"', "onload_is_present: unknown release "
                     "'201206'; did you mean '", within="- name: onload_is_present")

    def test_until_before_since(self):
        self.mistake('until: "8.1.0"', 'until: "201310"', "onload_zc_buffer_incref: until: 201310 comes "
                     "before since: 8.0.0", within="- name: onload_zc_buffer_incref")

    def test_ended_but_declared(self):
        self.mistake("header: null", "header: extensions_zc.h", "onload_zc_buffer_incref: header: no "
                     "header of today", within="- name: onload_zc_buffer_incref")

    def test_a_gap_that_is_none(self):
        for release, message in (("8.0.0", "not_in: 8.0.0 is not between 8.0.0 and 8.1.0; take it out"),
                                 ("9.2.0", "not_in: 9.2.0 is not between 8.0.0 and 8.1.0; take it out"),
                                 ("9.1.0", "unknown release '9.1.0'; did you mean")):
            self.mistake('    header: null\n', f'    header: null\n    not_in: ["{release}"]\n',
                         f"onload_zc_buffer_incref: {message}", within="- name: onload_zc_buffer_incref",
                         at="    not_in")

    def test_unknown_group(self):
        self.mistake("group: presence", "group: presents", "onload_is_present: unknown group "
                     "'presents'; did you mean 'presence'?", within="- name: onload_is_present")

    def test_unknown_header(self):
        self.mistake("header: extensions.h", "header: extension.h", "onload_is_present: unknown "
                     "header 'extension.h'; did you mean 'extensions.h'?",
                     within="- name: onload_is_present")

    def test_includes_that_programs_do_not_have(self):
        self.mistake("includes: [stdint.h]", "includes: [stdint.h, etherfabric/ef_vi.h]",
                     "extensions_timestamping.h: includes: etherfabric/ef_vi.h is not of the C library")
        self.mistake("includes: [stdint.h]", "includes: [stdint.h, onload/extensions_sz.h]",
                     "extensions_timestamping.h: unknown header 'extensions_sz.h'; did you mean "
                     "'extensions_zc.h'?")

    def test_unknown_errno(self):
        self.mistake("{neg_errno: ENOSYS}", "{neg_errno: ENOSYZ}", "onload_fd_check_feature: unknown "
                     "errno 'ENOSYZ'; did you mean 'ENOSYS'?",
                     within="- name: onload_fd_check_feature")

    def test_emulated_like_the_stub(self):
        self.mistake("emulated: {value: 1}", "emulated: {value: 0}", "onload_is_present: emulated: the "
                     "same as answer; take it out", within="- name: onload_is_present")

    def test_unknown_errno_of_the_emulation(self):
        self.mistake("emulated: {value: 1}", "emulated: {neg_errno: EINVALL}", "onload_is_present: unknown "
                     "errno 'EINVALL'; did you mean 'EINVAL'?", within="- name: onload_is_present")

    def test_unknown_use_by_the_emulation(self):
        self.mistake("emulation: routed", "emulation: rooted", "socket: emulation: unknown value "
                     "'rooted'; did you mean 'routed'?", within="- name: socket\n")

    def test_what_the_emulation_alone_uses(self):
        self.mistake("    emulation: routed\n", "", "bind: only: what the emulation alone uses has ",
                     within="- name: bind\n", at="    only: emulation\n")

    def test_unknown_answer(self):
        self.mistake("answer: {value: 0}", "answer: {values: 0}", "onload_is_present: answer: unknown "
                     'answer {"values": 0}; write {value: N}, {neg_errno: E}',
                     within="- name: onload_is_present")

    def test_two_answers(self):
        self.mistake("answer: {value: 0}", "answer: {value: 0, calls: socket}", "onload_is_present: "
                     "answer: unknown answer", within="- name: onload_is_present")

    def test_answer_that_calls_an_unknown_function(self):
        self.mistake("{calls: socket}", "{calls: soket}", "onload_socket_nonaccel: calls: unknown libc "
                     "function 'soket'; did you mean 'socket'?")

    def test_answer_that_calls_a_function_of_another_type(self):
        self.mistake("{calls: socket}", "{calls: fcntl}", "onload_socket_nonaccel: calls: fcntl() has "
                     "other argument or return types")

    def test_handwritten_without_absent(self):
        self.mistake("    absent: {neg_errno: ENOSYS}\n", "", "onload_ordered_epoll_wait: libonload_ext "
                     "has no handwritten bodies", within="- name: onload_ordered_epoll_wait",
                     at="answer: handwritten\n    doc")

    def test_handwritten_absent(self):
        self.mistake("absent: {neg_errno: ENOSYS}", "absent: handwritten", "onload_stack_opt_get_int: "
                     "absent: libonload_ext has no handwritten", at="absent: handwritten")

    def test_absent_like_answer(self):
        self.mistake("absent: {neg_errno: ENOSYS}", "absent: {minus_one: ENOSYS}",
                     "onload_stack_opt_get_int: absent: the same as answer")

    def test_a_keyword_as_a_name(self):
        for key, old, word, of in (
                ("name: ", "onload_move_fd", "register", "register: name"),
                ("{", "who: ", "class", "onload_set_stackname: args"),
                ("name: ", "ONLOAD_MSG_WARM", "new", "new: name"),
                ("name: ", "ONLOAD_ZC_KEEP", "for", "onload_zc_callback_rc.for: name"),
                ("name: ", "stack_id,", "short", "onload_stat.short: name"),
                ("name: ", "iov_ptr,", "delete", "onload_zc_iovec.delete: name"),
                ("target: ", "oo_zc_buf", "this", "onload_zc_handle: target"),
                ("guard: ", "__ONLOAD_ZC_H__", "while", "extensions_zc.h: guard")):
            with self.subTest(word):
                self.mistake(key + old, key + word + re.sub(r"\w+", "", old),
                             f"{of}: '{word}' does not do; write a C identifier, and no keyword of C or C++")

    def test_a_type_that_c_does_not_have_there(self):
        self.mistake("args: [{fd: int}]", "args: [{fd: void}]", "onload_move_fd: fd: 'void' does not do; "
                     "write a C type other than void", within="- name: onload_move_fd")
        self.mistake("returns: int", 'returns: "int [2]"', "onload_move_fd: returns: 'int [2]' does not do; "
                     "write a C type that is no array", within="- name: onload_move_fd")

    def test_a_type_that_is_none(self):
        move_fd = "- name: onload_move_fd"
        for within, old, new, message in (
                (move_fd, "{fd: int}", "{fd: register}",
                 "onload_move_fd: fd: unknown type 'register'; declare it under types, or if libc does, add it to "
                 "LIBC_TYPES in codegen/checks.py"),
                (move_fd, "{fd: int}", "{fd: const return *}", "onload_move_fd: fd: unknown type 'return'; declare"),
                (move_fd, "{fd: int}", "{fd: uint33_t}", "onload_move_fd: fd: unknown type 'uint33_t'; did you mean 'uint"),
                (move_fd, "{fd: int}", "{fd: onload_stat}",
                 "onload_move_fd: fd: unknown type 'onload_stat'; did you mean 'struct onload_stat'?"),
                (move_fd, "returns: int", "returns: unsigned float",
                 "onload_move_fd: returns: unknown type 'unsigned float'; declare"),
                (move_fd, "returns: int", "returns: struct int *", "onload_move_fd: returns: unknown type 'struct int'"),
                (move_fd, "returns: int", "returns: enum onload_stat", "onload_move_fd: returns: unknown type 'enum"),
                ("name: onload_stat\n", "type: int32_t", "type: goto", "onload_stat.stack_id: type: unknown type 'goto'"),
                ("union:", "type: uint64_t", "type: int65_t", "onload_zc_iovec.iov_ptr: type: unknown type 'int65_t'"),
                ("kind: alias", "type: uint64_t", "type: switch", "ef_addrspace: type: unknown type 'switch'"),
                ("name: onload_version\n", "const char *const", "const charr *const",
                 "onload_version: type: unknown type 'charr'")):
            with self.subTest(new):
                self.mistake(old, new, message, within=within, at=new)

    def test_a_negative_answer_of_what_is_never_negative(self):
        for returns in ("unsigned", "unsigned long", "size_t", "uint64_t", "bool", '"void *"',
                        "onload_zc_handle", "enum onload_stackname_who", "ef_addrspace"):
            for answer in ("{neg_errno: EINVAL}", "{minus_one: EINVAL}", "{value: -1}"):
                with self.subTest(returns, answer=answer):
                    self.move_fd(returns, answer, "is never negative; write {value: N}")
        self.move_fd("void", "{value: 0}", "value: void has no value")

    def test_an_answer_that_no_int_holds(self):
        self.move_fd("int", "{value: 5000000000}", "answer: unknown answer {\"value\": 5000000000}; write")

    def test_a_number_that_its_place_does_not_hold(self):
        for value in ("4294967296", "-2147483649"):
            self.mistake("name: ONLOAD_SCOPE_THREAD, value: 1", f"name: ONLOAD_SCOPE_THREAD, value: {value}",
                         f"onload_stackname_scope.ONLOAD_SCOPE_THREAD: value: {value} does not do; write a whole "
                         "number that an enum holds")
        self.mistake("value: 0x8400", "value: 0x10000000000000000", "ONLOAD_", at="value: 0x1000000000")

    def test_a_number_of_which_python_makes_no_text(self):
        self.move_fd("int", "{value: 0x" + "f" * 5000 + "}", "is too great a number; write one that C has", "")

    def move_fd(self, returns, answer, message, name="onload_move_fd: "):
        text = SPEC.replace("""name: onload_move_fd
    returns: int""", f"""name: onload_move_fd
    returns: {returns}""")
        at = text.index("answer: ", text.index("name: onload_move_fd"))
        text = text[:at] + f"answer: {answer}" + text[text.index("\n", at):]
        line = text[:at].count("\n") + 1
        self.assertRegex(self.complaint(text), f"^small.yaml:{line}: {name}.*{re.escape(message)}")

    def test_text_that_is_still_to_be_written(self):
        for key in ("doc", "onload"):
            self.mistake(f'    {key}: "', f'    {key}: "Not described yet. ', f"onload_move_fd: {key}: "
                         "'Not described yet. What", within="- name: onload_move_fd")
        self.mistake("title: Spinning", "title: Not described yet.", "spin: title: 'Not described yet.' does "
                     "not do; write what the header and generated/docs/api.md are to say there")

    def test_text_that_says_nothing(self):
        for blank in ('"  "', '"\\u2003"'):
            self.mistake("doc: a member", f"doc: {blank}", "", within="types:")
            self.assertIn("does not do; write text on one line", self.complaint(
                SPEC.replace("title: Spinning", f"title: {blank}")))

    def test_text_that_would_end_a_comment(self):
        for old, new in (('    doc: "', '    doc: "*/ int x; '), ('    source: there', "    source: a/*.h"),
                         ("title: Spinning", "title: Spin */ int x;"), ("doc: a member", 'doc: "*/ int x;"')):
            with self.subTest(new):
                self.mistake(old, new, "", at=new.strip())
                self.assertIn("does not do; write text without '/*' and '*/', which would be those of a comment",
                              self.complaint(SPEC.replace(old, new, 1)))
        self.mistake('expression: "0x400"', 'expression: "0x400 */"', "ONLOAD_MSG_WARM: expression: '0x400 */' "
                     "does not do; write how the header spells the number, in quotes, on one line and without a")

    def test_text_that_would_begin_a_line_of_code(self):
        for old, new in (('name: onload_move_fd', 'name: "onload_move_fd\\n"'),
                         ('    doc: "', '    doc: "\\n'), ('    doc: "', '    doc: "\\0'),
                         ("args: [{fd: int}]", 'args: [{"fd\\n": int}]'),
                         ('expression: "0x400"', 'expression: "0x400\\nint x;"')):
            with self.subTest(new):
                self.assertRegex(self.complaint(SPEC.replace(old, new, 1)),
                                 r"^small.yaml:\d+: .*(a line break|does not do)")
        self.assertIn("does not do; write how the header spells the number",
                      self.complaint(SPEC.replace('expression: "0x400"', "expression: '0x400 \\'")))

    def test_a_release_that_c_would_read_otherwise(self):
        self.mistake('{name: "201310",', """{name: '201310")',""", "201310\"): name: '201310\")' does not do")

    def test_duplicate_function(self):
        self.mistake("name: onload_move_fd", "name: onload_is_present", "duplicate name "
                     "'onload_is_present', first in line ")

    def test_duplicate_name_of_different_kinds(self):
        self.mistake("name: ONLOAD_ZC_KEEP", "name: ONLOAD_MSG_WARM", "duplicate name 'ONLOAD_MSG_WARM'")

    def test_duplicate_member(self):
        self.mistake("{name: stack_name,", "{name: stack_id,", "duplicate name 'stack_id', first in line ")

    def test_duplicate_release(self):
        self.mistake('name: "8.0.0"', 'name: "201310"', "duplicate name '201310'")

    def test_offset_beyond_the_size(self):
        self.mistake("offset: {x86_64: 8, i386: 4", "offset: {x86_64: 80, i386: 4", "onload_stat."
                     "stack_name: offset: 80 on x86_64 is beyond the size of 24")

    def test_missing_abi(self):
        self.mistake("size: {x86_64: 24, i386: 16, aarch64: 24}", "size: {x86_64: 24, i386: 16}",
                     "onload_stat: missing key 'aarch64'; write aarch64: a number of bytes")

    def test_values_of_what_is_not_exported(self):
        self.mistake("exported_by: [libonload_ext]", "exported_by: []", "onload_ext_version: key 'values' does "
                     "not belong to an entry of this kind; take it out", at="values:\n")
        self.mistake("exported_by: []", "exported_by: [libonload_ext]", "onload_version: missing key 'values'; "
                     "write values: a map from SONAME", at="name: onload_version")

    def test_data_without_a_soname(self):
        self.mistake("      libonload_ext.so.2: [2, 0, 0]\n", "", "onload_ext_version: values: one "
                     "entry is wanted for each SONAME", at="values:\n")

    def test_variadic_after_too_many(self):
        self.mistake("variadic_after: 2", "variadic_after: 4", "fcntl: variadic_after: there are only "
                     "3 args")

    def test_all_mistakes_are_told_at_once_in_order(self):
        text = SPEC.replace("    answer:", "    anser:")
        lines = [int(n) for n in re.findall(r"yaml:(\d+): ", self.complaint(text))]
        self.assertGreater(len(lines), SPEC.count("    answer:"))
        self.assertEqual(lines, sorted(lines))


class OptionMistakes(unittest.TestCase):
    """As of the spec of the API."""

    def mistake(self, old, new, message, within):
        """Replaces the first `old` after `within`, on whose line or later the mistake is."""
        where = OPTIONS.index(old, OPTIONS.index(within))
        with self.assertRaises(yaml_lines.SpecError) as caught:
            load_options(OPTIONS[:where] + new + OPTIONS[where + len(old):])
        self.assertRegex(str(caught.exception), r"^spec/onload_options.yaml:\d+: " + re.escape(message))
        line = int(str(caught.exception).split(":")[1])
        self.assertLess(abs(line - OPTIONS.count("\n", 0, where) - 1), 10)

    def test_unknown_key(self):
        self.mistake("    since:", "    sinse:", "EF_TX_PUSH: missing key 'since'", "name: EF_TX_PUSH")

    def test_unknown_kind(self):
        self.mistake("kind: int", "kind: number", "EF_TX_PUSH: kind: unknown value 'number'; write int or "
                     "str", "name: EF_TX_PUSH")

    def test_duplicate(self):
        self.mistake("name: EF_TX_PUSH\n", "name: EF_URG_RFC\n", "duplicate name 'EF_URG_RFC', first in "
                     "line ", "name: EF_URG_RFC")

    def test_default_out_of_range(self):
        self.mistake("default: 1", "default: 7", "EF_TX_PUSH: default: 7 is not from min to max",
                     "name: EF_TX_PUSH")

    def test_default_of_another_kind(self):
        self.mistake('default: ""', "default: 0", "EF_SCALABLE_FILTERS: default: 0 is a number; write text, as of "
                     "an option of kind str",
                     "name: EF_SCALABLE_FILTERS\n")

    def test_key_of_another_kind(self):
        self.mistake("max_length: 255", "max_length: 255\n    max: 3", "EF_SCALABLE_FILTERS: key 'max' does "
                     "not belong to an entry of this kind; take it out", "name: EF_SCALABLE_FILTERS\n")

    def test_missing_range(self):
        self.mistake("    max: 1\n", "", "EF_TX_PUSH: missing key 'max'; write max: a whole number",
                     "name: EF_TX_PUSH")

    def test_path_of_the_system(self):
        self.mistake("net/ipv4/tcp_dsack", "/proc/tcp_dsack", "EF_USE_DSACK: path: '/proc/tcp_dsack' does "
                     "not do; write a path below /proc/sys", "name: EF_USE_DSACK")


class Facts(unittest.TestCase):
    """Sums that were counted in Onload's own releases."""

    def test_options_are_as_many_as_a_release_build_has(self):
        kinds = [o.kind for o in load_options(OPTIONS) if o.can_be_set]
        self.assertEqual((kinds.count("int"), kinds.count("str")), (170, 4))  # one of the numbers has no name

    def test_each_release_has_as_many_functions_as_its_library(self):
        spec = (ROOT / "spec/onload_api.yaml").read_text(encoding="utf-8")
        counted = {r.name: len(r.functions) for r in load(spec).releases}
        for release, functions in (("201205", 13), ("201310", 17), ("201310-u1", 18), ("201405", 20),
                                   ("201502", 25), ("201509", 26), ("201606", 27), ("201710", 31),
                                   ("201811", 31), ("7.0.0", 32), ("7.1.0", 32), ("8.0.0", 43),
                                   ("8.0.1", 43), ("8.1.0", 44), ("9.0.0", 34), ("9.2.0", 34)):
            self.assertEqual(counted[release], functions, release)


class Gaps(unittest.TestCase):
    """A function that left, and came back."""

    def test_it_is_in_each_release_that_had_it_and_its_history_is_told(self):
        text = SPEC.replace("""
    header: null
    group: zc_offload
    since: "8.0.0"
    until: "8.1.0"
    answer""", """
    header: extensions_zc.h
    group: zc_offload
    since: "8.0.0"
    not_in: ["8.1.0", "9.0.0"]
    answer""", 1)
        self.assertNotEqual(text, SPEC)
        api = load(text)
        name = "onload_zc_buffer_incref"
        self.assertEqual([r.name for r in api.releases if name in r.functions], ["8.0.0", "9.2.0"])
        made = render.render(api, (), ROOT / "codegen/templates")
        self.assertIn("* Since Onload 8.0.0, but not in 8.1.0, 9.0.0; `onload/extensions_zc.h`",
                      made["docs/api.md"])
        self.assertIn(" * since:   8.0.0, but not in 8.1.0, 9.0.0\n", made["include/onload/extensions_zc.h"])
        self.assertNotIn(f'LKOS_RELEASE_SYMBOL("9.0.0", {name})', made["releases.inc"])
        self.assertIn(f'LKOS_RELEASE_SYMBOL("9.2.0", {name})', made["releases.inc"])


class ForTools(unittest.TestCase):
    """spec.json spells C, so that nobody else has to."""

    def setUp(self):
        made = json.loads(render.spec_json(load(SPEC)))
        self.entries = {e["name"]: e for e in made["functions"] + made["libc"]}

    def test_prototypes_are_as_headers_spell_them(self):
        for name, prototype in (
                ("socketpair", "int socketpair(int domain, int type, int protocol, int fds[2])"),
                ("fcntl", "int fcntl(int fd, int cmd, ...)"),
                ("onload_is_present", "int onload_is_present(void)"),
                ("onload_stack_opt_get_int",
                 "int onload_stack_opt_get_int(const char *opt, int64_t *val)")):
            self.assertEqual(self.entries[name]["prototype"], prototype)

    def test_answers_in_words(self):
        for name, answer, absent, emulated in (
                ("onload_is_present", "0", "0", "1"),
                ("onload_fd_check_feature", "-ENOSYS", "-ENOSYS", ""),
                ("onload_stack_opt_get_int", "-1, errno ENOSYS", "-ENOSYS", ""),
                ("onload_socket_nonaccel", "socket()", "socket()", "as described"),
                ("onload_zc_hlrx_alloc", "-ENOSYS", "-ENOSYS", ""),
                ("onload_ordered_epoll_wait", "as described", "-ENOSYS", "")):
            entry = self.entries[name]
            self.assertEqual((entry["answer_words"], entry["absent_words"], entry["emulated_words"]),
                             (answer, absent, emulated))

    def test_options(self):
        made = {(o["name"], o["scope"]): o
                for o in json.loads(render.options_json(load_options(OPTIONS)))["options"]}
        self.assertEqual(made["EF_TCP_SYNRECV_MAX", "stack"]["from_os"], "4 * net/ipv4/tcp_max_syn_backlog")
        self.assertEqual(made["EF_HELPER_USEC", "stack"]["first_value"], 0)
        self.assertEqual(made["EF_TCP_URG_MODE", "stack"]["words"], ["allow", "ignore"])
        self.assertEqual(made["EF_INTERFACE_WHITELIST", "stack"]["range"], "at most 255 bytes")


class Spelling(unittest.TestCase):
    def test_declarations(self):
        self.assertEqual(spelling.declare("int", "x"), "int x")
        self.assertEqual(spelling.declare("const char *", "x"), "const char *x")
        self.assertEqual(spelling.declare("int [5]", "x"), "int x[5]")

    def test_long_calls_are_wrapped(self):
        text = spelling.call("int f", [f"struct a_long_name *argument_{i}" for i in range(5)], ";")
        self.assertGreater(text.count("\n"), 0)
        for line in text.split("\n"):
            self.assertLessEqual(len(line.expandtabs(8)), spelling.WIDTH)
        self.assertEqual(" ".join(text.split()).count("argument_"), 5)

    def test_comments_are_wrapped(self):
        text = render.comment((("", "word " * 60), ("since", "now")))
        self.assertTrue(text.endswith("since:   now */"))
        for line in text.split("\n"):
            self.assertLessEqual(len(line), spelling.WIDTH)


class Files(unittest.TestCase):
    """What main.py writes, removes and reports."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = Path(folder.name) / "generated"
        self.spec = Path(folder.name) / "spec.yaml"
        self.spec.write_text(SPEC, encoding="utf-8")

    def run_main(self, *args):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main.main([*args, "--spec", str(self.spec), "--out", str(self.out)])
        return status, out.getvalue(), err.getvalue()

    def contents(self):
        return {p: p.read_bytes() for p in self.out.rglob("*") if p.is_file()}

    def test_update_then_check(self):
        self.assertEqual(self.run_main()[0], 0)
        status, out, err = self.run_main("--check")
        self.assertEqual((status, err), (0, ""))
        self.assertIn("all up to date", out)

    def test_a_second_update_writes_nothing(self):
        self.run_main()
        before = {p: p.stat().st_mtime_ns for p in self.contents()}
        status, out, _ = self.run_main()
        self.assertEqual(status, 0)
        self.assertNotIn("wrote", out)
        self.assertEqual(before, {p: p.stat().st_mtime_ns for p in self.contents()})

    def test_the_output_is_the_same_under_any_hash_seed_and_locale(self):
        made = []
        for seed, locale in (("1", "C"), ("2", "C.UTF-8")):
            out = self.out / seed
            subprocess.run([sys.executable, str(ROOT / "codegen/main.py"), "--spec", str(self.spec),
                            "--out", str(out)], check=True, stdout=subprocess.DEVNULL,
                           env={"PYTHONHASHSEED": seed, "LC_ALL": locale})
            made.append({str(p.relative_to(out)): p.read_bytes()
                         for p in out.rglob("*") if p.is_file()})
        self.assertEqual(made[0], made[1])

    def test_the_folder_can_be_deleted_and_remade(self):
        self.run_main()
        before = self.contents()
        for path in before:
            path.unlink()
        self.run_main()
        self.assertEqual(before, self.contents())

    def test_every_file_says_where_it_comes_from(self):
        self.run_main()
        for path, text in self.contents().items():
            self.assertTrue(any(mark.encode() in text for mark in render.MARKS), path)

    def test_what_one_abi_has_is_there_only(self):
        self.run_main()
        made = {p.name: p.read_text() for p in self.contents()}
        self.assertNotIn("__recvmsg64", made["liblk_onload_stub.map"])
        self.assertIn("\t\t__recvmsg64;\n", made["liblk_onload_stub_i386.map"])
        self.assertIn("\t\trecvmsg;\n", made["liblk_onload_stub_i386.map"])
        self.assertIn("\t\tfcntl;\n", made["liblk_onload_stub.map"])
        self.assertNotIn("\t\tfcntl;\n", made["liblk_onload_stub_i386.map"])
        self.assertRegex(made["next_symbols.inc"],
                         r"\n#if defined\(__i386__\)\nLKOS_NEXT\(ssize_t, __recvmsg64, .*\n#endif\n")

    def test_a_hand_edit_is_found_shown_and_mended(self):
        self.run_main()
        before = self.contents()
        path = next(p for p in before if p.suffix == ".map")
        path.write_text(path.read_text().replace("local:", "by hand"))
        status, _, err = self.run_main("--check")
        self.assertEqual(status, 1)
        self.assertIn(f"{path}: out of date, or edited by hand", err)
        self.assertIn("-\tby hand\n+\tlocal:", err)
        self.assertIn("bazel run //codegen:update", err)
        self.run_main()
        self.assertEqual(before, self.contents())

    def test_a_changed_spec_makes_files_stale(self):
        self.run_main()
        self.spec.write_text(SPEC.replace("answer: {value: 0}", "answer: {value: 2}"))
        status, _, err = self.run_main("--check")
        self.assertEqual(status, 1)
        self.assertIn("onload_answers.c: out of date", err)

    def test_a_missing_file_is_found(self):
        self.run_main()
        path = next(iter(self.contents()))
        path.unlink()
        status, _, err = self.run_main("--check")
        self.assertEqual(status, 1)
        self.assertIn(f"{path}: missing", err)

    def test_an_orphan_is_found_and_removed(self):
        self.run_main()
        orphan = self.out / "docs/old.c"
        orphan.write_text(f"/* {render.MARK} */\n")
        status, _, err = self.run_main("--check")
        self.assertEqual(status, 1)
        self.assertIn(f"{orphan}: orphan", err)
        status, out, _ = self.run_main()
        self.assertEqual(status, 0)
        self.assertIn(f"removed {orphan}", out)
        self.assertFalse(orphan.exists())

    def test_a_file_of_somebody_else_is_reported_and_kept(self):
        self.run_main()
        stray = self.out / "notes.txt"
        stray.write_text("mine\n")
        self.assertEqual(self.run_main("--check")[0], 1)
        status, _, err = self.run_main()
        self.assertEqual(status, 1)
        self.assertIn(f"{stray}: was not made here by codegen", err)
        self.assertEqual(stray.read_text(), "mine\n")

    def test_a_folder_that_holds_other_things_stays_as_it_is(self):
        """Also what holds the mark there: another output folder, or a file of one's own by a generated one's name."""
        self.run_main()
        generated, self.out = self.out, self.out.parent
        before = self.contents()
        status, out, err = self.run_main()
        self.assertEqual((status, out), (1, ""))
        self.assertIn(f"{generated}/BUILD.bazel: was not made here by codegen\n", err)
        self.assertIn("give another folder with --out", err)
        self.assertEqual(before, self.contents())
        self.out = generated / "new"
        self.out.mkdir()
        (self.out / "BUILD.bazel").write_text("# mine\n")
        self.assertEqual(self.run_main()[0], 1)
        self.assertEqual([path.read_bytes() for path in self.contents()], [b"# mine\n"])

    def test_check_writes_nothing(self):
        self.assertEqual(self.run_main("--check")[0], 1)
        self.assertFalse(self.out.exists())

    def test_a_wrong_spec_writes_nothing(self):
        self.run_main()
        before = self.contents()
        self.spec.write_text(SPEC.replace("{value: 0}", "{value: 2}").replace("ENOSYS", "ENOSYZ"))
        for args in ((), ("--check",)):
            status, _, err = self.run_main(*args)
            self.assertEqual(status, 2)
            self.assertRegex(err, rf"^{re.escape(str(self.spec))}:\d+: .*unknown errno 'ENOSYZ'")
        self.assertEqual(before, self.contents())

    def test_a_spec_that_is_not_there(self):
        self.spec.unlink()
        status, _, err = self.run_main()
        self.assertEqual(status, 2)
        self.assertIn(f"{self.spec}: cannot be read", err)
        self.assertFalse(self.out.exists())

    def test_a_folder_that_cannot_be_written(self):
        self.out.write_text("a file")
        status, _, err = self.run_main()
        self.assertEqual((status, err.count("\n")), (2, 1), err)
        self.assertIn(f"{self.out}: ", err)
        self.assertIn("give another folder with --out", err)

    def test_output_that_cannot_be_printed(self):
        command = [sys.executable, str(ROOT / "codegen/main.py"), "--spec", str(self.spec), "--out",
                   str(self.out)]
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr),
                         (2, "standard output: No space left on device\n"))
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
        os.close(write)
        self.assertEqual((done.returncode, done.stderr), (2, ""))
        self.assertEqual(self.run_main("--check")[0], 0)  # but all is written
        done = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *command], stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_help_shows_an_example(self):
        out = io.StringIO()
        with self.assertRaises(SystemExit) as stopped, contextlib.redirect_stdout(out):
            main.main(["--help"])
        self.assertEqual(stopped.exception.code, 0)
        self.assertIn("codegen/main.py --check", out.getvalue())


if __name__ == "__main__":
    unittest.main()
