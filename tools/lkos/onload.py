# SPDX-License-Identifier: GPL-2.0-only
"""What lkos does when it is called by the name `onload`: old start scripts go on working.

source: Onload's scripts/onload
"""

import os
import sys

from lkos import VERSION, launch
from lkos.trouble import Trouble

USAGE = """usage: onload [OPTION...] COMMAND [ARGUMENT...]

This is lkos of lk_onload_stub under the name of Onload's launcher: it runs COMMAND on the kernel's sockets,
with liblk_onload_stub.so in front of LD_PRELOAD. See: lkos run --help

  -v            say first what is set
  -t, --test    say it, and do not run
  --version     print the version
  -h, --help    print this

Understood and ignored: --profile NAME, -p NAME, --force-profiles, --no-app-handler, --app NAME, -a NAME,
--preload LIB, --keep-wrapper.

example:
  onload --profile=latency ./app
"""

IGNORED = ("--force-profiles", "--no-app-handler", "--keep-wrapper")
IGNORED_WITH_VALUE = ("-p", "--profile", "-a", "--app", "--preload")
UNDERSTOOD = ("-v", "-t", "--test", "--version")

SHOWN = ("LD_PRELOAD", "LD_LIBRARY_PATH")


def _parse(args):
    """({options that do something}, [options that do not], the command). None: print the usage."""
    asked, ignored = set(), []
    args = list(args)
    while args and args[0].startswith("-"):
        option = args.pop(0)
        name, equals, _ = option.partition("=")
        if option == "--":
            break
        if option in UNDERSTOOD:
            asked.add(option)
        elif option in IGNORED:
            ignored.append(option)
        elif option in IGNORED_WITH_VALUE and args:
            args.pop(0)
            ignored.append(option)
        elif equals and name.startswith("--") and name in IGNORED_WITH_VALUE:
            ignored.append(name)
        else:
            return None
    if not args and "--version" not in asked:
        return None
    return asked, ignored, args


def _show(env):
    for name in sorted(name for name in env if name.startswith("EF_") or name in SHOWN):
        print(f"onload: {name}={env[name]}", file=sys.stderr)


def main(args, ignored_signals):
    parsed = _parse(args)
    if parsed is None:
        print(USAGE, end="", file=sys.stderr)
        return 1
    asked, ignored, argv = parsed
    if "--version" in asked:
        print(f"lk_onload_stub {VERSION}, in place of Onload\nKernel module: [onload module not loaded]")
        return 0
    if ignored:
        print(
            f"onload: this is lk_onload_stub, for which these options mean nothing: {' '.join(ignored)}",
            file=sys.stderr,
        )
    env = launch.environment()
    path = launch.find(argv[0], env)
    try:
        env |= launch.added(path, argv[1:], env)
    except Trouble as trouble:
        raise Trouble(str(trouble), 1)
    test = asked & {"-t", "--test"}
    if test or "-v" in asked:
        _show(env)
    if test:
        return 0
    launch.warn_of_obstacles("onload", path)
    launch.execute(path, argv, env, ignored_signals)
    return os.EX_OK
