"""`optilab course`: set up an nbgrader course, grade what is handed in, report."""

import argparse
import shlex
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from optilab import shipped
from optilab.cli.refused import RefusedError, files
from optilab.core.files import replace

STARTS_WITH = ("README.md", "nbgrader_config.py", "source")  # of the assignments' folder, what a course needs
MISSING = "nbgrader isn't installed: pip install 'optilab[course]'"
NEXT = """Next, in the environment that optilab is installed in:
  cd {target}
  nbgrader generate_assignment {slug}    # release/{slug}/ is what students get
  optilab course grade {slug}            # grades submitted/STUDENT/{slug}/
  nbgrader generate_feedback {slug}      # feedback/STUDENT/{slug}/
  nbgrader export                        # grades.csv
README.md there says more."""


def add(commands: Any) -> None:
    """What the command takes."""
    course = commands.add_parser("course", help="teach with the assignments")
    course.set_defaults(run=lambda _: course.print_help())
    steps = course.add_subparsers(metavar="COMMAND")

    command = steps.add_parser(
        "init",
        help="set up an nbgrader course",
        description="Copy the assignments into DIR, overwriting nothing, and say what to do next.",
    )
    command.add_argument("folder", type=Path, metavar="DIR")
    command.set_defaults(run=start)

    command = steps.add_parser(
        "grade",
        help="grade what was handed in since last time, and report",
        description="In the course's folder: let nbgrader grade every hand-in of ASSIGNMENT that is new, then report.",
    )
    command.add_argument("assignment", metavar="ASSIGNMENT")
    command.add_argument("--student", nargs="+", default=[], metavar="STUDENT", help="only these")
    command.add_argument("--force", action="store_true", help="also what is graded already; points by hand stay")
    command.set_defaults(run=grade, grades=True)

    command = steps.add_parser("report", help="one line a student: points, what failed, what couldn't be graded")
    command.add_argument("assignment", metavar="ASSIGNMENT")
    command.set_defaults(run=grade, grades=False)


def set_up(source: Path, target: Path) -> list[str]:
    """Copy the course in `source` to `target`; what is there already stays as it is.

    Returns
    -------
    list of str
        The files that were there already and are others.
    """
    kept = []
    for name in shipped.shown(source):
        if name.parts[0] not in STARTS_WITH:
            continue
        copy = target / name
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            replace(copy, (source / name).read_bytes())
        elif copy.read_bytes() != (source / name).read_bytes():
            kept.append(name.as_posix())
    return kept


def start(arguments: argparse.Namespace) -> int:
    """Set up an nbgrader course from the assignments that came with the package."""
    source, target = shipped.lessons() / "assignments", arguments.folder.resolve()
    with files("the course can't be set up"):
        kept = set_up(source, target)
    assignments = sorted(path.parent.name for path in source.glob("source/*/*.ipynb"))
    print(f"The course is in {target}: {', '.join(assignments)}.")
    if kept:
        print(f"Kept as they were there: {', '.join(kept)}.")
    if find_spec("nbgrader") is None:
        print(MISSING)
    print(NEXT.format(target=shlex.quote(str(target)), slug=assignments[0]))
    return 0


def grade(arguments: argparse.Namespace) -> int:
    """Grade what was handed in since last time for one assignment, unless only the report is asked for, and report."""
    if find_spec("nbgrader") is None:
        raise RefusedError(MISSING)
    from optilab.course.batch import Batch
    from optilab.course.report import report

    status = 0
    try:
        batch = Batch(arguments.assignment)
        try:
            for student in arguments.student or batch.students() if arguments.grades else []:
                print(f"{student}: {batch.grade(student, anew=arguments.force)}", file=sys.stderr)
        except KeyboardInterrupt:
            print("interrupted: run it again to grade the others", file=sys.stderr)
            status = 128 + signal.SIGINT
    except ValueError as error:
        raise RefusedError(str(error)) from error
    print("\n".join(report(batch)))
    return status
