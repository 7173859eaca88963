"""Columns of text in a terminal."""

import re
import shutil
import textwrap
from collections.abc import Iterable, Sequence
from itertools import zip_longest


def width() -> int:
    """Of the terminal, in characters."""
    return shutil.get_terminal_size().columns


def aligned(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns of text as wide as the terminal: where it is too narrow the widest are wrapped between words."""
    table = [head, *rows]
    columns = list(zip(*table, strict=True))
    widths = [max(map(len, column)) for column in columns]
    words = [max(map(len, re.split(r"\s+|(?<=\w-)(?=\w)", " ".join(column)))) for column in columns]
    while sum(widths) + 2 * len(widths) - 2 > width() and widths != words:
        _, widest = max((wide, i) for i, wide in enumerate(widths) if wide > words[i])
        widths[widest] -= 1
    blocks = []
    for row in [head, ["─" * wide for wide in widths], *table[1:]]:
        cells = [textwrap.wrap(text, wide) for text, wide in zip(row, widths, strict=True)]
        lines = zip_longest(*cells, fillvalue="")
        padded = (map(str.ljust, line, widths) for line in lines)
        blocks.append("\n".join("  ".join(line).rstrip() for line in padded))
    return "\n".join(blocks)
