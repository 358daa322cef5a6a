# SPDX-License-Identifier: GPL-2.0-only
"""From an Api and the Options to a dict of path below generated/ -> text.

Each template makes the file of its own name. Those that begin with '_' make none by themselves:
_header.h.j2 makes one file per public header, _data.c.j2 one per variable and SONAME, _exports.map.j2
one per library, and one for each ABI on which the stub exports others.
"""

import dataclasses
import json
import textwrap

import jinja2

from spelling import TAB, WIDTH, number

MARK_OF = "generated from spec/{} by codegen (bazel run //codegen:update); do not edit"
MARK = MARK_OF.format("onload_api.yaml")
MARK_OF_OPTIONS = MARK_OF.format("onload_options.yaml")
MARKS = (MARK, MARK_OF_OPTIONS)  # each generated file has one of them


def comment(story, tabs=0):
    """A C comment of (label, text) paragraphs, wrapped to WIDTH columns."""
    room = WIDTH - TAB * tabs - 3
    lines = []
    for label, text in story:
        head = f"{label}:".ljust(9) if label else ""
        lines += textwrap.wrap(text, room, initial_indent=head, break_long_words=False,
                               break_on_hyphens=False, subsequent_indent=" " * len(head))
    indent = "\t" * tabs
    if len(lines) == 1 and len(lines[0]) <= room - 3:
        return f"{indent}/* {lines[0]} */"
    return "\n".join([f"{indent}/* {lines[0]}"] + [f"{indent} * {x}" for x in lines[1:]]) + " */"


def cell(text):
    """Text inside a Markdown table."""
    return str(text).replace("|", "\\|")


def spec_json(api):
    """The whole Api for programs that do without YAML, and do not know how C is spelt."""
    data = dataclasses.asdict(api)
    for entry, f in zip(data["functions"], api.functions):
        entry.update(prototype=f.declaration, answer_words=f.answer.text,
                     absent_words=f.absent.text, emulated_words=f.emulated_text)
    for entry, f in zip(data["libc"], api.libc):
        entry.update(prototype=f.declaration)
    data["generated"] = MARK
    data["exports"] = api.exports
    return json.dumps(data, indent=1, sort_keys=True) + "\n"


def options_json(options):
    """Those with a name, for programs that do without YAML."""
    data = {"generated": MARK_OF_OPTIONS, "options": [
        dict(dataclasses.asdict(o), range=o.range, first_value=o.initial,
             from_os=o.from_os.text.replace("`", "") if o.from_os else "") for o in options if o.name]}
    return json.dumps(data, indent=1, sort_keys=True) + "\n"


def render(api, options, templates):
    """templates: the folder of the .j2 files."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(templates)), undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    env.filters.update(comment=comment, cell=cell, number=number)
    env.globals.update(api=api, options=options, mark=MARK, mark_of_options=MARK_OF_OPTIONS)

    made = {}
    for name in env.list_templates(extensions=["j2"]):
        if not name.startswith("_"):
            made[name.removesuffix(".j2")] = env.get_template(name).render()
    for header in api.headers:
        made[f"include/onload/{header.name}"] = env.get_template("_header.h.j2").render(header=header)
    for data in api.data:
        for value in data.values:
            made[f"{data.name}_{value.major}.c"] = env.get_template("_data.c.j2").render(data=data, value=value)
    others = {f"liblk_onload_stub_{abi}": names for abi, names in api.other_stub_exports.items()}
    for library, exports in {**api.exports, **others}.items():
        made[f"{library}.map"] = env.get_template("_exports.map.j2").render(
            exports=exports, for_programs=library == "libonload_ext")
    made["spec.json"] = spec_json(api)
    made["options.json"] = options_json(options)
    return made
