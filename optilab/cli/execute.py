"""`optilab execute`: run the lessons from top to bottom and save them in place."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from optilab import shipped
from optilab.cli.environment import one_thread_each, prefer_this_environment
from optilab.cli.refused import RefusedError, argument, files
from optilab.core.check import require


def add(commands: Any) -> None:
    """What the command takes."""
    command = commands.add_parser("execute", help="run the lessons and save them in place, for who writes them")
    command.add_argument(
        "notebooks", nargs="*", type=argument(notebook), metavar="NOTEBOOK", help="all lessons without one"
    )
    command.set_defaults(run=execute)


def notebook(text: str) -> Path:
    """The path of a notebook that is there."""
    path = Path(text)
    require(path.is_file(), "the notebook", text, "a file that is there")
    return path


def execute(arguments: argparse.Namespace) -> int:
    """Run notebooks from top to bottom and save them in place, with nothing in them that the machine decides."""
    prefer_this_environment()
    one_thread_each()
    try:
        execute_all(arguments.notebooks or sorted(shipped.lessons().glob("*.ipynb")))
    except ModuleNotFoundError as error:
        raise RefusedError(
            f"{str(error.name).partition('.')[0]} isn't installed: pip install 'optilab[lab,write]'"
        ) from error
    return 0


def look_into(path: Path) -> None:
    """Refuse a file that holds no notebook."""
    import nbformat

    text = path.read_bytes()
    try:
        nbformat.validate(nbformat.reads(text.decode(), as_version=4))
    except Exception as error:  # whatever there is in the file, nbformat stumbles over it in ways of its own
        raise RefusedError(f"{path} isn't a notebook") from error


def execute_all(paths: Iterable[Path]) -> None:
    """Run notebooks one after the other, and refuse where one can't be."""
    from nbclient.exceptions import CellExecutionError
    from tqdm import tqdm

    from optilab.execute import execute

    for path in tqdm(paths):
        try:
            with files(f"{path} can't be executed"):
                look_into(path)
                execute(path)
        except CellExecutionError as error:
            raise RefusedError(f"{path} stays as it was, since one of its cells fails:\n{error}") from error
        except RuntimeError as error:  # the kernel died, or there is no browser to draw pictures with
            raise RefusedError(f"{path} stays as it was: {error}") from error
