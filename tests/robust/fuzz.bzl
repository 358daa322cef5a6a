# SPDX-License-Identifier: GPL-2.0-only
"""Fuzz targets. gcc has no libFuzzer, and what is fuzzed must be compiled for it: so the sources of the
libraries that a target depends on are compiled anew, by clang, whatever compiler this build uses."""

CLANG = "/usr/bin/clang++"
FLAGS = [
    "-g",
    "-O1",
    "-fsanitize=fuzzer,address,undefined",
    "-fno-sanitize-recover=undefined",
    # Onload's and the kernel's structures are read at any address, but by memcpy.
    "-D_GNU_SOURCE",
    "-I.",
]

SourcesInfo = provider(fields = ["files"])

def _sources_of_impl(target, ctx):
    files = []
    for name in ["srcs", "hdrs", "textual_hdrs"]:
        files += getattr(ctx.rule.files, name, [])
    return [SourcesInfo(files = depset(
        files,
        transitive = [dep[SourcesInfo].files for dep in getattr(ctx.rule.attr, "deps", [])],
    ))]

_sources_of = aspect(
    implementation = _sources_of_impl,
    attr_aspects = ["deps"],
)

def _fuzzer_impl(ctx):
    inputs = depset(ctx.files.srcs, transitive = [dep[SourcesInfo].files for dep in ctx.attr.deps])
    program = ctx.actions.declare_file(ctx.label.name)
    arguments = ctx.actions.args()
    arguments.add_all(FLAGS)
    arguments.add_all(["-x", "c"])
    arguments.add_all([file for file in inputs.to_list() if file.extension == "c"])
    arguments.add_all(["-x", "c++"])
    arguments.add_all([file for file in ctx.files.srcs if file.extension == "cc"])
    arguments.add_all(["-o", program])
    ctx.actions.run(
        executable = CLANG,
        arguments = [arguments],
        inputs = inputs,
        outputs = [program],
        mnemonic = "Fuzzer",
        use_default_shell_env = True,  # clang looks for ld in PATH
        progress_message = "Compiling %s for libFuzzer" % ctx.label,
    )
    return [DefaultInfo(files = depset([program]), executable = program)]

lkos_fuzzer = rule(
    implementation = _fuzzer_impl,
    doc = "A program of LLVMFuzzerTestOneInput (srcs, .cc) and of C libraries (deps).",
    attrs = {
        "srcs": attr.label_list(allow_files = [".cc", ".h"]),
        "deps": attr.label_list(aspects = [_sources_of]),
    },
    executable = True,
)
