"""The home page: the library as a map, topics by level, with arrows from what prepares for a lesson."""

import html
from collections.abc import Sequence

from optilab.catalogue import LEVELS, TOPICS, Lesson, Paper

HEAD = """---
hide-toc: true
---

# optilab

Papers of modern optimisation that you can play with. Every lesson puts one algorithm under your hand: predict, play,
see why, hold the theorem against what is measured, break it.

The pictures of this site are alive without a kernel, one control at a time. Everything moves on your own machine:

```sh
python3 -m venv .venv
.venv/bin/pip install -q 'optilab[lab] @ git+{home}' && .venv/bin/optilab lab
```

Rows are topics, columns say how deep a lesson goes, and an arrow leads from a lesson to one that it prepares for. None
is required. [Teach with the lessons](teaching.md), [bring your own problem](docs/bring_your_own.md) to a script, or
look something up in the [reference](api/index.rst).

"""


def title_of(row: Lesson) -> str:
    """What a lesson is called on the map."""
    return row.slug.replace("_", " ")


def written(row: Lesson) -> str:
    """Who wrote a lesson's paper, and when; nothing where there is none."""
    if not isinstance(row, Paper):
        return ""
    first, *others = row.authors.split(", ")
    return f"{first}{' et al.' if len(others) > 1 else ''.join(f', {other}' for other in others)} {row.year} · "


def card(row: Lesson, built: Sequence[Lesson]) -> str:
    """A lesson on the map."""
    after = [one for one in built if one.slug in row.after]
    words = f'<span class="map-after">after {", ".join(f"{one.number:02d}" for one in after)}</span>' if after else ""
    before = " ".join(one.slug for one in after)
    page = row.lesson.replace(".ipynb", ".html")
    picture = f"_static/thumbnails/{row.slug}"
    return f"""<a class="map-card" href="lessons/{page}" data-slug="{row.slug}" data-after="{before}">
<picture><source media="(prefers-reduced-motion: reduce)" srcset="{picture}.png"><img src="{picture}.webp" alt=""
 width="264" height="212" loading="lazy"></picture>
<b>{row.number:02d} {html.escape(title_of(row))}</b>
<span class="map-small">{html.escape(written(row))}{row.minutes} min {words}</span>
<span class="map-message">{html.escape(row.message)}</span></a>"""


def page(rows: Sequence[Lesson], home: str) -> str:
    """The home page, in Markdown.

    Parameters
    ----------
    rows : sequence of Lesson
        Those that are pages of the site.
    home : str
        The address of the repository.
    """
    cells = ['<span class="map-topic"></span>']
    cells += [f'<span class="map-level"><b>Level {level}</b> {words}</span>' for level, words in LEVELS.items()]
    for topic in TOPICS:
        here = [row for row in rows if row.topic == topic]
        if here:
            cells.append(f'<h2 class="map-topic">{topic.capitalize()}</h2>')
            for level in LEVELS:
                cards = "\n".join(card(row, rows) for row in here if row.level == level)
                cells.append(f'<div class="map-cell">{cards}</div>')
    inside = "\n".join(cells)
    return f'{HEAD.format(home=home)}```{{raw}} html\n<div class="map">\n{inside}\n</div>\n```\n'
