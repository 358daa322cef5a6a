# SPDX-License-Identifier: GPL-2.0-only
"""What lkos does when it is called by the name `onload`: old start scripts go on working.

source: Onload's scripts/onload
"""

import os
import sys

from lkos import VERSION, arguments, launch
from lkos.trouble import Misuse, Trouble

USAGE = """usage: onload [OPTION...] COMMAND [ARGUMENT...]

This is lkos of lk_onload_stub under the name of Onload's launcher: it runs
COMMAND on the kernel's sockets, with liblk_onload_stub.so in front of
LD_PRELOAD. See: lkos run --help

  -v            say first what is set
  -t, --test    say it, and do not run
  --version     print the version
  -h, --help    print this

Understood and ignored: --profile NAME, -p NAME, --force-profiles,
--no-app-handler, --app NAME, -a NAME, --preload LIB, --keep-wrapper.
A profile must be one of Onload's own, or a file.

Not done: /etc/openonload.sh and ~/.openonload.sh are not read, profiles set
nothing, COMMAND's handler is not run, and ONLOAD_PRELOAD is not looked at.

exit status: COMMAND's; 127 if it is not found, 126 if it cannot be executed,
3 if there is no such profile, 1 for anything else

example:
  onload --profile=latency ./app
"""

IGNORED = ("--force-profiles", "--no-app-handler", "--keep-wrapper")
PROFILE = ("-p", "--profile")
IGNORED_WITH_VALUE = (*PROFILE, "-a", "--app", "--preload")
UNDERSTOOD = ("-v", "-t", "--test", "--version")

SHOWN = ("LD_PRELOAD", "LD_LIBRARY_PATH")

# The profiles that come with Onload, and the beginnings of those that there are several of.
PROFILES = ("latency", "latency-best", "safe", "cloud", "wan-traffic", "zeromq", "node-js")
PROFILE_FAMILIES = ("redis-", "nginx-", "haproxy-", "nettyio-")
NO_PROFILE = 3


def _must_exist(profile, env):
    folders = (os.path.join(env.get("HOME", "/"), ".openonload/profiles"), "/usr/libexec/onload/profiles")
    files = [profile, *(f"{folder}/{profile}.opf" for folder in folders)]
    if profile in PROFILES or profile.startswith(PROFILE_FAMILIES) or any(map(os.path.isfile, files)):
        return
    raise Trouble(
        f"{profile}: no such profile; Onload's are {', '.join(PROFILES)} and {'*, '.join(PROFILE_FAMILIES)}*",
        NO_PROFILE,
    )


def _show(env):
    for name in sorted(name for name in env if name.startswith("EF_") or name in SHOWN):
        print(f"onload: {name}={env[name]}", file=sys.stderr)


def main(args, ignored_signals):
    try:
        given, argv = arguments.parse(args, None, IGNORED + UNDERSTOOD, IGNORED_WITH_VALUE, stop_early=True)
    except Misuse:
        given, argv = {}, []
    if not argv and "--version" not in given:
        print(USAGE, end="", file=sys.stderr)
        return 1
    if "--version" in given:
        print(f"lk_onload_stub {VERSION}, in place of Onload\nKernel module: [onload module not loaded]")
        return 0
    env = launch.environment()
    for names in [value for option in PROFILE for value in given.get(option, [])]:
        for profile in names.split(","):
            _must_exist(profile, env)
    ignored = [option for option in given if option not in UNDERSTOOD]
    if ignored:
        print(
            f"onload: this is lk_onload_stub, for which these options mean nothing: {' '.join(ignored)}",
            file=sys.stderr,
        )
    test = {"-t", "--test"} & set(given)
    # A test does not look for the command.
    path = sys.executable if test else launch.find(argv[0], env)
    changes, kept_out = launch.plan(path, argv[1:], env)
    env.update(changes)
    if test or "-v" in given:
        _show(env)
    if test:
        return 0
    for program, what, _ in kept_out:
        print(f"onload: {program} will run without the library: {what}", file=sys.stderr)
    launch.execute(path, argv, env, ignored_signals)
    return os.EX_OK
