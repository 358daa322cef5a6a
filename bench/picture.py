#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The picture of added instructions per call: one bar a row, the allowance as a tick.

Text in, text out: the same measurement gives the same bytes.
"""
from xml.sax.saxutils import escape

LEFT, RIGHT, TOP = 380, 90, 64  # room for the names, the figures, the heading
BARS, PITCH, BAR = 420, 24, 14  # width of the longest bar; a row; a bar
FULL = 100  # instructions: longer bars are cut, and say so by their end

BAD, GOOD, PLAIN = "#c0392b", "#2e86ab", "#8a94a0"

STYLE = """\
  <style>
    text { font: 13px sans-serif; fill: #1d232a }
    .head { font-size: 16px; font-weight: bold }
    .note { fill: #59636e; font-size: 12px }
  </style>
"""


def bar(row, top):
    added = max(row["added_instructions"], 0)
    per, unit = added / row["messages"], " a message" if row["messages"] > 1 else ""
    length = round(min(per, FULL) / FULL * BARS, 1)
    allowed = row["allowed"]
    colour = PLAIN if allowed is None else GOOD if per <= allowed else BAD
    figure = f"{per:,.0f}{unit}" if per == int(per) else f"{per:,.1f}{unit}"
    middle = top + BAR - 3
    parts = [
        f'  <text x="{LEFT - 10}" y="{middle}" text-anchor="end">{escape(row["call"])}</text>\n',
        f'  <rect x="{LEFT}" y="{top}" width="{length}" height="{BAR}" fill="{colour}"/>\n']
    if per > FULL:  # the cut
        end = LEFT + BARS - 14
        parts.append(f'  <path d="M{end} {top + BAR + 2} l5 -{BAR + 4} m5 0 l-5 {BAR + 4}" '
                     'stroke="#fff" stroke-width="2"/>\n')
    label = LEFT + length + 8
    if allowed is not None:
        tick = round(LEFT + allowed / FULL * BARS, 1)
        parts.append(f'  <path d="M{tick} {top - 3} v{BAR + 6}" stroke="#1d232a" '
                     'stroke-width="1.5"/>\n')
        label = max(label, tick + 8) if label > tick - 70 else label
    parts.append(f'  <text x="{label:g}" y="{middle}">{figure}</text>\n')
    return "".join(parts)


def draw(found):
    rows = [row for row in found["rows"] if row["kind"] != "start"]
    width, height = LEFT + BARS + RIGHT, TOP + len(rows) * PITCH + 44
    start = next((row for row in found["rows"] if row["kind"] == "start"), None)
    foot = f"Bars end at {FULL}; cut bars are longer, their figure is given."
    if start:
        foot += f" Program start: {start['added_instructions']:,} instructions."
    return "".join([
        '<svg xmlns="http://www.w3.org/2000/svg" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}">\n',
        "  <title>Instructions added to each call</title>\n", STYLE,
        f'  <rect width="{width}" height="{height}" fill="#fff"/>\n',
        f'  <text x="16" y="26" class="head">Instructions that {escape(found["library"]["name"])} '
        'adds to each call</text>\n',
        '  <text x="16" y="46" class="note">Counted by callgrind. A tick is the most that the '
        'budget allows; red is over it, grey has no budget.</text>\n',
        *(bar(row, TOP + number * PITCH) for number, row in enumerate(rows)),
        f'  <text x="16" y="{height - 16}" class="note">{escape(foot)}</text>\n',
        "</svg>\n"])
