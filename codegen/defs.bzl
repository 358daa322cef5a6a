# SPDX-License-Identifier: GPL-2.0-only
"""A check of generated/ as a build step."""

def _generated_is_current_impl(ctx):
    stamp = ctx.actions.declare_file(ctx.label.name + ".txt")
    ctx.actions.run_shell(
        outputs = [stamp],
        inputs = ctx.files.generated + [ctx.file.spec],
        tools = [ctx.attr.codegen[DefaultInfo].files_to_run],
        command = '"$1" --check --spec "$2" --out generated > "$3"',
        arguments = [ctx.executable.codegen.path, ctx.file.spec.path, stamp.path],
        progress_message = "Comparing generated/ with the spec",
        mnemonic = "CheckGenerated",
    )
    return [DefaultInfo(
        files = depset([stamp]),
        runfiles = ctx.runfiles(files = [stamp]),  # for those that have it as data
    )]

# A rule and not a genrule: to a genrule's failing Python tool, Bazel 4 adds a note on Python 2.
generated_is_current = rule(
    implementation = _generated_is_current_impl,
    attrs = {
        "codegen": attr.label(executable = True, cfg = "exec", mandatory = True),
        "generated": attr.label(allow_files = True, mandatory = True),
        "spec": attr.label(allow_single_file = True, mandatory = True),
    },
)
