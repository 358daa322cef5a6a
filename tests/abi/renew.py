#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes today's state the baseline that //tests/abi:baseline compares with.

usage: bazel run //tests/abi:renew
"""

import os
import sys
from pathlib import Path

import baseline


def main():
    folder = Path(os.environ["BUILD_WORKSPACE_DIRECTORY"]) / baseline.FOLDER
    for name, text in baseline.make(baseline.FOLDER / "debug").items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {baseline.FOLDER / name}")
    print("the baseline is up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
