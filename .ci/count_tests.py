#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Counts test cases in what `bazel test --build_event_json_file` wrote.

usage: count_tests.py LABEL=STATUS=SECONDS=EVENTS...

STATUS is how bazel exited, SECONDS how long it ran, EVENTS the file it wrote. The events, unlike the folder
bazel-testlogs, name the tests of this run and no others.

Prints for each label what failed, what tests said they did not run, the figures that they gave, and a line of
sums; then "N passed, N failed". A target that fails in a way that no test case shows (it times out, it
crashes) is one failed case, and so is all that was not built.
"""

import json
import re
import sys
import urllib.parse
import xml.etree.ElementTree
from pathlib import Path

# Tests print these whether they pass or fail, also behind what a framework has on the line already.
NOT_RUN = re.compile(r"not run: .*")
FIGURES = re.compile(r"\b\w+: \d+ (?:\w+ )?(?:executions|compared)\b.*")  # with a name before them


def read_events(path):
    """The events; none if bazel did not come as far as writing them."""
    try:
        with open(path, encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]
    except (OSError, json.JSONDecodeError):
        return []


def read_output(result, name):
    """The text of one output file of a test, empty if there is none."""
    for output in result.get("testActionOutput", []):
        if output["name"] == name and output.get("uri", "").startswith("file://"):
            path = Path(urllib.parse.unquote(output["uri"].removeprefix("file://")))
            return path.read_text(errors="replace") if path.exists() else ""
    return ""


def count_cases(result):
    """(cases, failed cases, skipped cases) of one run of one test target, by what its framework wrote."""
    # Python's unittest writes no XML; Bazel then makes some that has one case, whatever ran.
    ran = re.findall(r"^Ran (\d+) tests? in ", read_output(result, "test.log"), re.MULTILINE)
    if ran:
        verdict = re.findall(r"^(?:OK|FAILED)(?: \((.*)\))?$", read_output(result, "test.log"), re.MULTILINE)
        numbers = dict(re.findall(r"([\w ]+)=(\d+)", " ".join(verdict)))
        numbers = {key.strip(): int(value) for key, value in numbers.items()}
        failed = sum(numbers.get(key, 0) for key in ("failures", "errors", "unexpected successes"))
        skipped = numbers.get("skipped", 0)
        # A case whose subtests fail is one of those that ran, but as many failures.
        return max(sum(map(int, ran)), failed + skipped), failed, skipped
    try:
        root = xml.etree.ElementTree.fromstring(read_output(result, "test.xml"))
    except xml.etree.ElementTree.ParseError:
        return 1, 0, 0
    cases = [case for case in root.iter("testcase") if case.get("status") != "notrun"]
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    skipped = [case for case in cases if case.get("result") == "skipped"]
    return len(cases), len(failed), len(skipped)


def said(results, pattern):
    """A line for each text that tests said by the pattern, with the labels of those that did."""
    labels = {}
    for (label, _, _), result in sorted(results.items()):
        for text in pattern.findall(read_output(result, "test.log")):
            labels.setdefault(text.strip().rstrip("'\""), {})[label] = None
    return [f"{text} ({', '.join(found)})" for text, found in sorted(labels.items())]


def count_configuration(status, path):
    """(passed, failed, skipped, lines about what failed, was not run, was measured) of one `bazel test`."""
    passed, failed, skipped, lines = 0, 0, 0, []
    results = {}  # the last attempt of each run and shard
    for event in read_events(path):
        if "testResult" in event:
            key = event["id"]["testResult"]
            results[key["label"], key.get("run", 1), key.get("shard", 1)] = event["testResult"]
    for (label, _, _), result in sorted(results.items()):
        cases, bad, left_out = count_cases(result)
        if result["status"] not in ("PASSED", "FLAKY") and bad == 0:
            bad, cases = 1, max(cases, left_out + 1)
        passed += cases - bad - left_out
        failed += bad
        skipped += left_out
        if bad:
            lines.append(f"{label}: {result['status']}, {bad} of {cases} cases failed")
    # 0 is all well, 3 is a failed test; with any other, something was not built or not even found.
    if status not in (0, 3) or (failed == 0 and (status != 0 or passed == 0)):
        failed += 1
        lines.append(f"bazel exited {status}, {passed} cases passed")
    return passed, failed, skipped, lines + said(results, NOT_RUN) + said(results, FIGURES)


def main(arguments):
    total_passed, total_failed = 0, 0
    for argument in arguments:
        label, status, seconds, path = argument.split("=", 3)
        passed, failed, skipped, lines = count_configuration(int(status), path)
        for line in lines:
            print(f"   {line}")
        print(f"== {label}: {passed} cases passed, {failed} failed, {skipped} skipped, in {seconds} s")
        total_passed += passed
        total_failed += failed
    print(f"{total_passed} passed, {total_failed} failed")
    return 1 if total_failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
