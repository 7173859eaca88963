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
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=list_papers)


def list_papers(arguments: argparse.Namespace) -> int:
    """Print the catalogue."""
    if arguments.json:
        print(json.dumps([asdict(paper) for paper in catalogue.PAPERS], indent=2, ensure_ascii=False))
    else:
        rows = [(f"{paper.number:02d}", paper.slug, paper.title, paper.message) for paper in catalogue.PAPERS]
        print(aligned(("", "slug", "paper", "what you leave with"), rows))
    return 0
