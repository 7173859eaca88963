"""`optilab site`: the library as a web site."""

import argparse
import sys
from pathlib import Path, PurePath
from typing import Any

from optilab import shipped
from optilab.cli.environment import one_thread_each
from optilab.cli.refused import RefusedError, argument, files


def add(commands: Any) -> None:
    """What the command takes."""
    command = commands.add_parser(
        "site",
        help="build the web site",
        description="Build into DIR a site of the lessons, whose pictures move, and of the reference.",
    )
    command.add_argument("folder", type=Path, metavar="DIR")
    command.add_argument(
        "--lesson",
        action="append",
        type=argument(shipped.lesson),
        default=[],
        metavar="N",
        help="only this one, by number or slug, and its paper's reference; may be given again",
    )
    command.set_defaults(run=site)


def site(arguments: argparse.Namespace) -> int:
    """Build the site, and say how to look at it; what Sphinx warns of is a failure."""
    one_thread_each()
    try:
        from optilab.site.build import build

        with files("the site can't be built"):
            warnings = build(arguments.folder, [PurePath(name).stem[3:] for name in arguments.lesson])
    except ModuleNotFoundError as error:
        raise RefusedError(
            f"{str(error.name).partition('.')[0]} isn't installed: pip install 'optilab[site]'"
        ) from error
    except RuntimeError as error:
        raise RefusedError(f"the site can't be built: {error}") from error
    print(warnings, end="", file=sys.stderr)
    print(f"The site is in {arguments.folder}; any file server shows it: python -m http.server -d {arguments.folder}")
    return 1 if warnings else 0
