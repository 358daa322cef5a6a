#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The fuzz targets, for some seconds each, from the corpus that is kept: see *_fuzz.cc."""

import re
import tempfile
import unittest

import robust

SECONDS = 6


class Fuzz(robust.Case):
    def fuzz(self, name, longest):
        corpus = robust.HERE / "corpus" / name
        self.assertGreater(len(list(corpus.iterdir())), 20)
        with tempfile.TemporaryDirectory() as folder:
            ran = robust.run([robust.HERE / f"{name}_fuzz", folder, corpus, f"-max_total_time={SECONDS}",
                              f"-max_len={longest}", "-print_final_stats=1", f"-artifact_prefix={folder}/"])
        self.assertEqual(ran.status, 0, ran.err[-4000:])
        executions = int(re.search(r"number_of_executed_units: (\d+)", ran.err)[1])
        print(f"{name}: {executions} executions, all clean", flush=True)
        self.assertGreater(executions, 10000)

    def test_control_messages(self):
        self.fuzz("control", 400)

    def test_flags(self):
        self.fuzz("flags", 64)

    def test_frames_of_tcp(self):
        self.fuzz("frames", 256)


if __name__ == "__main__":
    unittest.main()
