#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the documents name is there: labels, files, places that links lead to, budgets, answers.

Bazel is not asked. A label exists if the BUILD file of its package has the target's name in quotes, or its
beginning up to a '_', to which the BUILD file adds the rest. A file is one of the project's if its path begins
with a folder of the project, or if it stands between backticks and its name is like that of a file at the top.
"""

import json
import re
import sys
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]  # the source tree, of which any file may be named
sys.path.insert(0, str(TOP / "bench"))

import measure  # noqa: E402  (the path comes first)

DOCUMENTS = sorted(TOP.glob("*.md")) + sorted((TOP / "docs").glob("*.md"))

LABEL = re.compile(r"(?<![\w:@/])//([\w/.-]*)(?::([\w.-]*\w))?")
FOLDERS = "|".join(sorted(path.name for path in TOP.iterdir() if path.is_dir() and path.name[0].isalpha()
                          and not path.name.startswith("bazel-")))
FILE = re.compile(rf"(?<![\w./@-])(?:{FOLDERS})/[\w./-]*|(?<=`)(?:\./)?[\w.]+\.(?:md|sh|bzl|bazel)(?=`)"
                  r"|(?<=`)\.bazelrc(?=`)")
LINK = re.compile(r"\]\((?!https://)([^)#\s]*)(?:#([^)\s]*))?\)")

FUNCTIONS = re.compile(r"\b(\d+) (?:extension functions|of them\]\(generated/docs/api\.md\))")

# Onload's, not ours.
THEIRS = {"src/lib/onload_ext/onload_ext.c"}


def named(pattern):
    """(name of the document, match) of all that the documents name by the pattern."""
    return [(document, match) for document in DOCUMENTS
            for match in pattern.finditer(document.read_text(encoding="utf-8"))]


def spec():
    return json.loads((TOP / "generated/spec.json").read_text(encoding="utf-8"))


def has_target(package, name):
    build = TOP / package / "BUILD.bazel"
    quoted = re.findall(r'"([^"\n]+)"', build.read_text(encoding="utf-8")) if build.exists() else []
    return any(name == text.removeprefix(":") or text.endswith("_") and name.startswith(text.removeprefix(":"))
               for text in quoted)


def anchors(document):
    """What headings can be linked to by."""
    headings = re.findall(r"(?m)^#+ +(.*)$", document.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


class Names(unittest.TestCase):
    def test_labels_exist(self):
        seen = 0
        for document, match in named(LABEL):
            package, name = match[1].rstrip("."), match[2]
            if match[1].endswith("...") or name == "all" or (name or "").isupper():  # a pattern, or NAME
                continue
            seen += 1
            with self.subTest(document=document.name, label=match[0]):
                self.assertTrue(has_target(package, name or package.split("/")[-1]))
        self.assertGreater(seen, 20)

    def test_files_exist(self):
        seen = 0
        for document, match in named(FILE):
            path = match[0].rstrip(".")
            if path in THEIRS:
                continue
            seen += 1
            with self.subTest(document=document.name, file=path):
                self.assertTrue((TOP / path).exists())
        self.assertGreater(seen, 20)

    def test_links_lead_somewhere(self):
        seen = 0
        for document, match in named(LINK):
            seen += 1
            target = (document.parent / match[1]).resolve() if match[1] else document
            with self.subTest(document=document.name, link=match[0]):
                self.assertTrue(target.exists())
                if match[2]:
                    self.assertIn(match[2], anchors(target))
        self.assertGreater(seen, 10)

    def test_how_many_functions_there_are(self):
        counts = {(document.name, match[1]) for document, match in named(FUNCTIONS)
                  if document.name != "CHANGELOG.md"}  # which tells of the past
        self.assertEqual({name for name, _ in counts}, {"README.md", "answered.md"})
        self.assertEqual({count for _, count in counts}, {str(len(spec()["functions"]))}, counts)

    def test_answers_by_group_are_those_of_the_spec(self):
        """The table in answered.md: the answer of each function that a row names is in that row."""
        answers = {f["name"]: f["answer_words"] for f in spec()["functions"] if f["answer"]["kind"] != "handwritten"}
        text = (TOP / "docs/answered.md").read_text(encoding="utf-8")
        rows = re.search(r"(?m)^\| group \|.*\n((?:\|.*\n)+)", text)[1].splitlines()
        seen = 0
        for functions, answer in (row.split("|")[2:4] for row in rows):
            for name in set(re.findall(r"`(\w+)`", functions)) & set(answers):
                seen += 1
                with self.subTest(name):
                    self.assertTrue(answer.replace("`", "").lstrip().startswith(answers[name]), answer)
        self.assertGreater(seen, 20)

    def test_manual_page_has_the_settings_of_the_readme(self):
        text = (TOP / "README.md").read_text(encoding="utf-8")
        rows = re.search(r"(?m)^## Settings\n\n((?:\|.*\n)+)", text)[1]
        page = (TOP / "tools/share/lk_onload_stub.7").read_text(encoding="utf-8")
        section = re.search(r"(?ms)^\.Sh ENVIRONMENT\n(.*?)^\.Sh ", page)[1]
        self.assertEqual(re.findall(r"(?m)^\.It Ev (\w+)$", section), re.findall(r"(?m)^\| `(\w+)`", rows))

    def test_budgets_are_those_of_the_benchmark(self):
        """The columns `call` and `allowed` in cost.md, which has them from what the benchmark printed once."""
        text = (TOP / "docs/cost.md").read_text(encoding="utf-8")
        head, dashes, *rows = re.search(r"(?m)^call  (?:.*\S.*\n)+", text)[0].splitlines()
        spans = [match.span() for match in re.finditer("-+", dashes)]
        table = [[line[slice(*span)].strip() for span in spans] for line in (head, *rows)]
        expected = [("call", "allowed")]
        for row in measure.ROWS:
            expected.append((row.title, f"{row.allowed * row.messages:,}" if row.allowed else ""))
        self.assertEqual([(cells[0], cells[3]) for cells in table], expected)


if __name__ == "__main__":
    unittest.main(verbosity=2)
