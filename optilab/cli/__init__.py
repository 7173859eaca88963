"""The command line. A command is a module with `add`, which says what it takes, and the function that then runs."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from optilab import __version__
from optilab.cli import course, execute, lab, listing, new, race, reproduce, site
from optilab.cli.refused import RefusedError
from optilab.shipped import MissingError

COMMANDS = (lab, listing, reproduce, race, site, course, execute, new)  # in the order of `optilab --help`


def parser() -> argparse.ArgumentParser:
    """The commands and what they take."""
    root = argparse.ArgumentParser(prog="optilab", description="Papers on optimisation that you can play with.")
    root.add_argument("--version", action="version", version=f"optilab {__version__}")
    root.set_defaults(run=lambda _: root.print_help())
    commands = root.add_subparsers(metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return root


def run(words: list[str]) -> int:
    """Run one command; what follows `--` is JupyterLab's."""
    end = words.index("--") if "--" in words else len(words)
    arguments = parser().parse_args(words[:end])
    arguments.jupyter = words[end + 1 :]
    if arguments.jupyter and arguments.run is not lab.lab:
        parser().error("only `optilab lab` passes options on after --")
    return int(arguments.run(arguments) or 0)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status. What it can't do is said in one sentence."""
    try:
        try:
            return run(list(sys.argv[1:] if argv is None else argv))
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has read enough, as `head` does; the flush at exit is to say nothing of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except (RefusedError, MissingError) as error:
        print(f"optilab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
