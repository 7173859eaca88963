"""`optilab list`: the catalogue."""

import argparse
import json
from dataclasses import asdict
from typing import Any

from optilab import catalogue
from optilab.cli.tables import aligned


def add(commands: Any) -> None:
    """What the command takes."""
    command = commands.add_parser("list", help="list the papers")
    command.add_argument("--live", action="store_true", help="what to demonstrate of each lesson instead")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=list_papers)


def place(row: catalogue.Lesson) -> tuple[str, str]:
    """The first columns of a lesson."""
    return f"{row.number:02d}", f"{row.slug}: {catalogue.about(row)}"


def list_papers(arguments: argparse.Namespace) -> int:
    """Print the catalogue."""
    if arguments.json:
        print(json.dumps([asdict(paper) for paper in catalogue.PAPERS], indent=2, ensure_ascii=False))
    elif arguments.live:
        print(aligned(("", "lesson", "to show live"), [(*place(row), row.live) for row in catalogue.LESSONS]))
    else:
        rows = [(*place(paper), paper.title, paper.message) for paper in catalogue.PAPERS]
        print(aligned(("", "lesson", "paper", "what you leave with"), rows))
    return 0
