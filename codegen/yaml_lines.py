# SPDX-License-Identifier: GPL-2.0-only
"""A spec as it was written: YAML, the line of each path in it, and what is wrong there."""

import dataclasses
import difflib

import yaml

DEEPEST = 20  # levels; a spec has eight
WIDEST = 128  # bits of a number; of some with 15,000, Python makes no text


class SpecError(Exception):
    """What is wrong with a spec: one 'file:line: what, and what to write instead' per line."""


class Refused(yaml.MarkedYAMLError):
    """YAML, but nothing that a spec has need of."""


class Loader(yaml.SafeLoader):
    """Refuses what makes a small file endless: aliases, and lists in lists in lists."""
    depth = 0

    def compose_node(self, parent, index):
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise Refused(problem=f"alias '*{event.anchor}'; write out what it stands for",
                          problem_mark=event.start_mark)
        if self.depth == DEEPEST:
            raise Refused(problem=f"nested deeper than {DEEPEST} levels; take brackets or "
                                  "indentation away", problem_mark=event.start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


class Source:
    """A parsed spec, the line of each path in it, and the problems found so far."""

    def __init__(self, text, label):
        self.label = label
        self.lines = {(): 1}
        self.problems = set()
        self.data = None
        try:
            loader = Loader(text)
            node = loader.get_single_node()
            self.data = self._plain(loader, node, ()) if node else None
        except yaml.reader.ReaderError as error:
            self.report_line(text.count("\n", 0, error.position) + 1,
                             f"not YAML: a character U+{error.character:04X}; delete it")
        except yaml.MarkedYAMLError as error:
            mark, problem = error.problem_mark or error.context_mark, error.problem
            if not isinstance(error, Refused):
                problem = f"not YAML: {problem}; check quotes, brackets and indentation here"
            self.report_line(mark.line + 1, problem)
        self.stop_on_problems()
        if self.data is None:
            self.report_line(1, "empty; write releases:, groups: and the other sections")
            self.stop_on_problems()

    def _plain(self, loader, node, path):
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(loader, item, path + (i,)) for i, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            try:
                value = loader.construct_object(node)
                if not isinstance(value, int) or value.bit_length() <= WIDEST:
                    return value
                problem = "is too great a number; write one that C has"
            except (ValueError, LookupError, AttributeError):  # such as a 31st of June
                problem = "is no number or date; put it in quotes"
            self.report_line(node.start_mark.line + 1, f"'{node.value[:40]}' {problem}")
            return None
        made = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is None:
                self.report_line(line, "a key must be a plain word")
            elif key in made:
                self.report_line(line, f"{made.get('name', path[0] if path else 'top')}: duplicate key '{key}', "
                                       f"first in line {self.lines[path + (key,)]}; keep one")
            else:
                self.lines[path + (key,)] = line
                made[key] = self._plain(loader, value_node, path + (key,))
        return made

    def context(self, path):
        """'name: ' of the entry that holds path."""
        names, value = [], self.data
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                break
            if isinstance(value, dict) and isinstance(value.get("name"), str):
                names.append(value["name"])
        return f"{'.'.join(names)}: " if names else ""

    def report_line(self, line, text):
        self.problems.add((line, text.replace("\n", "\\n")))

    def report(self, path, text):
        """Say that what stands at path is wrong."""
        at = tuple(path)
        while at not in self.lines:
            at = at[:-1]
        self.report_line(self.lines[at], self.context(path) + text)

    def only_once(self, named):
        """Report what is there before. named: (key, name, line) of each."""
        first = {}
        for key, name, line in named:
            if key in first:
                self.report_line(line, f"duplicate name '{name}', first in line {first[key]}; keep one")
            first.setdefault(key, line)

    def stop_on_problems(self):
        if self.problems:
            raise SpecError("\n".join(f"{self.label}:{line}: {text}" for line, text in sorted(self.problems)))


def close_to(word, known):
    """', did you mean x' when one of known is near."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def made(cls, entry, convert=(), **computed):
    """An instance of a dataclass: what is computed, and the rest as an entry has it. convert: {key: how it is read}."""
    names = {f.name for f in dataclasses.fields(cls)} - set(computed)
    read = {key: dict(convert).get(key, frozen)(value) for key, value in entry.items() if key in names}
    return cls(**read, **computed)


def frozen(value):
    return tuple(value) if isinstance(value, list) else value
