# SPDX-License-Identifier: GPL-2.0-only
"""What the tests here look at, and how it is built: also for other machines, and for libabigail."""

load("@rules_cc//cc:defs.bzl", "cc_binary")
load("//third_party/cross:machines.bzl", "MACHINES")

def probe(name, linkopts = [], **kwargs):
    """A program of the machine under test, which knows libc and the tables only."""
    cc_binary(
        name = name,
        testonly = True,
        copts = [
            "-std=gnu11",
            "-D_GNU_SOURCE",
            "-Wall",
            "-Wextra",
            "-Werror",
        ],
        linkopts = ["-ldl"] + linkopts,
        deps = [
            "//generated:api",
            "//generated:tables",
        ],
        **kwargs
    )

def _settings(names):
    return ["//command_line_option:" + name for name in names]

_MACHINE = _settings(["copt", "cpu", "crosstool_top", "host_crosstool_top", "linkopt", "platforms"])

def _for_machine_impl(settings, attr):
    if attr.machine not in MACHINES:
        return {name: settings[name] for name in _MACHINE}
    return {
        "//command_line_option:copt": [],  # of a sanitizer, which has no library there
        "//command_line_option:cpu": attr.machine,
        "//command_line_option:crosstool_top": "//third_party/cross:suite",
        "//command_line_option:host_crosstool_top": "@bazel_tools//tools/cpp:toolchain",
        "//command_line_option:linkopt": ["-fuse-ld=lld"],
        "//command_line_option:platforms": "//third_party/cross:" + attr.machine,
    }

def _with_debug_information_impl(_settings, _attr):
    return {
        "//command_line_option:copt": ["-g"],
        "//command_line_option:strip": "never",
    }

def _side_by_side_impl(ctx):
    files = []
    for src in ctx.files.srcs:
        file = ctx.actions.declare_file(ctx.label.name + "/" + src.basename)
        ctx.actions.symlink(output = file, target_file = src)
        files.append(file)
    return [DefaultInfo(
        files = depset(files),
        runfiles = ctx.runfiles(files = files),
    )]

def _side_by_side(transition, **attrs):
    return rule(
        implementation = _side_by_side_impl,
        attrs = dict(
            attrs,
            srcs = attr.label_list(allow_files = True, cfg = transition, mandatory = True),
            _allowlist_function_transition = attr.label(
                default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
            ),
        ),
    )

# The files of srcs, side by side in a folder of the rule's name. A machine that is not in MACHINES is the
# one that the rest of the build is for.
files_for_machine = _side_by_side(
    transition(
        implementation = _for_machine_impl,
        inputs = _MACHINE,
        outputs = _MACHINE,
    ),
    machine = attr.string(mandatory = True),
)

files_with_debug_information = _side_by_side(
    transition(
        implementation = _with_debug_information_impl,
        inputs = [],
        outputs = _settings(["copt", "strip"]),
    ),
)

def _said_by_the_build_impl(ctx):
    text = ctx.actions.declare_file(ctx.label.name + ".txt")
    ctx.actions.run_shell(
        outputs = [text],
        inputs = ctx.files.data,
        tools = [ctx.attr.tool[DefaultInfo].files_to_run],
        command = '"$1" | tee "$2"',
        arguments = [ctx.executable.tool.path, text.path],
        progress_message = "Counting what %s checks" % ctx.label.package,
        mnemonic = "Count",
    )
    return [DefaultInfo(
        files = depset([text]),
        runfiles = ctx.runfiles(files = [text]),
    )]

# What a tool prints, also as Bazel's output: that of a test which passes is not shown.
said_by_the_build = rule(
    implementation = _said_by_the_build_impl,
    attrs = {
        "data": attr.label_list(allow_files = True),
        "tool": attr.label(executable = True, cfg = "exec", mandatory = True),
    },
)
