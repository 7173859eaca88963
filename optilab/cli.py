"""The command line: open the lessons, list the papers, reproduce their claims, set up a course, execute the lessons."""

import argparse
import json
import math
import os
import re
import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from itertools import zip_longest
from pathlib import Path, PurePath
from typing import Any

from optilab import catalogue
from optilab.core.check import require

MANIFEST = ".optilab.json"  # in a student's folder: the hash of every file as it was shipped
COURSE = ("README.md", "nbgrader_config.py", "source")  # of the assignments' folder, what a course starts with
NEXT = """Next, in the environment that optilab is installed in:
  cd {target}
  nbgrader generate_assignment {slug}    # release/{slug}/ is what students get
  optilab course grade {slug}            # grades submitted/STUDENT/{slug}/
  nbgrader generate_feedback {slug}      # feedback/STUDENT/{slug}/
  nbgrader export                        # grades.csv
README.md there says more."""


def shipped_lessons() -> Path:
    """The lessons that came with the package: inside an installed one, beside the package in a clone."""
    package = Path(__file__).parent
    return next(folder for folder in (package / "lessons", package.parent / "lessons") if folder.is_dir())


def lesson(number: str) -> str:
    """File name of the lesson of that number."""
    names = {int(path.name[:2]): path.name for path in sorted(shipped_lessons().glob("[0-9][0-9]_*.ipynb"))}
    known = number.isdecimal() and int(number) in names
    require(known, "the lesson's number", number, f"one of {', '.join(f'{known:02d}' for known in names)}")
    return names[int(number)]


def shown(folder: Path) -> list[PurePath]:
    """The names of all files below a folder that aren't hidden."""
    names = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()]
    return [name for name in names if not any(part.startswith((".", "__")) for part in name.parts)]


def copy_lessons(source: Path, target: Path) -> list[str]:
    """Bring the copy of the lessons in `target` up to date; a file that the student changed stays as it is.

    Returns
    -------
    list of str
        The files that were kept because they are neither what is shipped now nor what was shipped last time.
    """
    manifest = target / MANIFEST
    before = json.loads(manifest.read_text()) if manifest.exists() else {}
    now, kept = {}, []
    for name in shown(source):
        if name.parts[0] == "assignments" and name.parts[1] != "release":
            continue  # of the assignments, students get what a teacher has released
        text, copy, key = (source / name).read_bytes(), target / name, name.as_posix()
        now[key] = sha256(text).hexdigest()
        if copy.exists() and sha256(copy.read_bytes()).hexdigest() not in (now[key], before.get(key)):
            kept.append(key)
        else:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(text)
    manifest.write_text(json.dumps(now, indent=1))
    return kept


def prefer_this_environment() -> None:
    """Let Jupyter find this environment's kernel before one of the same name in the user's home."""
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"


def lab(arguments: argparse.Namespace) -> int:
    """Open JupyterLab on a lesson, in the student's own copy or in the clone."""
    from jupyterlab.labapp import LabApp

    folder = shipped_lessons() if arguments.here else arguments.folder.resolve()
    if not arguments.here:
        folder.mkdir(parents=True, exist_ok=True)
        kept = copy_lessons(shipped_lessons(), folder)
        print(f"The lessons are in {folder}.")
        if kept:
            print(f"Kept as you changed them: {', '.join(kept)}. Delete or rename one to get it anew.")
    options = [f"--ServerApp.root_dir={folder}", f"--LabApp.default_url=/lab/tree/{arguments.lesson}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        print("You are root, as in many containers: JupyterLab is started with --allow-root.")
        options.append("--allow-root")
    prefer_this_environment()
    sys.stdout.flush()
    LabApp.launch_instance([*options, *arguments.jupyter])
    return 0


def aligned(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns of text as wide as the terminal: where it is too narrow the widest are wrapped between words."""
    table = [head, *rows]
    columns = list(zip(*table, strict=True))
    widths = [max(map(len, column)) for column in columns]
    words = [max(map(len, re.split(r"\s+|(?<=\w-)(?=\w)", " ".join(column)))) for column in columns]
    while sum(widths) + 2 * len(widths) - 2 > shutil.get_terminal_size().columns and widths != words:
        _, widest = max((width, i) for i, width in enumerate(widths) if width > words[i])
        widths[widest] -= 1
    blocks = []
    for row in [head, ["─" * width for width in widths], *table[1:]]:
        cells = [textwrap.wrap(text, width) for text, width in zip(row, widths, strict=True)]
        lines = zip_longest(*cells, fillvalue="")
        padded = (map(str.ljust, line, widths) for line in lines)
        blocks.append("\n".join("  ".join(line).rstrip() for line in padded))
    return "\n".join(blocks)


def list_papers(arguments: argparse.Namespace) -> int:
    """Print the catalogue."""
    if arguments.json:
        print(json.dumps([asdict(paper) for paper in catalogue.PAPERS], indent=2, ensure_ascii=False))
    else:
        rows = [(f"{paper.number:02d}", paper.slug, paper.title, paper.message) for paper in catalogue.PAPERS]
        print(aligned(("", "slug", "paper", "what you leave with"), rows))
    return 0


def number(value: float) -> float | str:
    """A number as JSON can hold it: what is not finite becomes "inf", "-inf" or "nan"."""
    return value if math.isfinite(value) else str(value)


def reproduce(arguments: argparse.Namespace) -> int:
    """Measure the claims of papers and print them beside what they promise."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    from optilab.core.claim import collect
    from optilab.core.sweep import sweep

    paper_of = {
        experiment: paper.slug
        for paper in arguments.papers or catalogue.PAPERS
        for experiment in import_module(f"optilab.papers.{paper.slug}.experiment").EXPERIMENTS
    }
    points = [{"experiments": (experiment,), "quick": arguments.quick} for experiment in paper_of]
    if arguments.jobs > 1:
        for library in ("OMP", "OPENBLAS", "MKL"):  # read by the workers: one thread for each of them
            os.environ.setdefault(f"{library}_NUM_THREADS", "1")
        pool: Any = ProcessPoolExecutor(arguments.jobs, get_context("spawn"))
    else:
        pool = nullcontext()
    with pool as executor:
        outcomes = sweep(collect, points, executor=executor)
    claims = [(paper_of[outcome.point["experiments"][0]], claim) for outcome in outcomes for claim in outcome.value]

    if arguments.json:
        rows = [
            {
                "paper": slug,
                "statement": claim.statement,
                "measured": number(claim.measured),
                "at_least": number(claim.at_least),
                "at_most": number(claim.at_most),
                "seeds": [number(figure) for figure in claim.seeds],
                "holds": claim.holds,
            }
            for slug, claim in claims
        ]
        print(json.dumps(rows, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        head = ("paper", "claim", "asked", "measured", "least … median … most", "holds")
        print(aligned(head, [(slug, *claim.row, "yes" if claim.holds else "NO") for slug, claim in claims]))
    kept = sum(claim.holds for _, claim in claims)
    print(f"{kept} of {len(claims)} claims hold", file=sys.stderr)
    if len(outcomes) < len(points):
        print(f"interrupted: {len(outcomes)} of {len(points)} experiments were finished", file=sys.stderr)
        return 130
    return 0 if kept == len(claims) else 1


def set_up(source: Path, target: Path) -> list[str]:
    """Copy the course in `source` to `target`; what is there already stays as it is.

    Returns
    -------
    list of str
        The files that were there already and are others.
    """
    kept = []
    for name in shown(source):
        if name.parts[0] not in COURSE:
            continue
        copy = target / name
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, copy)
        elif copy.read_bytes() != (source / name).read_bytes():
            kept.append(name.as_posix())
    return kept


def start_course(arguments: argparse.Namespace) -> int:
    """Set up an nbgrader course from the assignments that came with the package."""
    source, target = shipped_lessons() / "assignments", arguments.folder.resolve()
    kept = set_up(source, target)
    assignments = sorted(path.parent.name for path in source.glob("source/*/*.ipynb"))
    print(f"The course is in {target}: {', '.join(assignments)}.")
    if kept:
        print(f"Kept as they were there: {', '.join(kept)}.")
    if find_spec("nbgrader") is None:
        print("nbgrader isn't installed: pip install 'optilab[course]'")
    print(NEXT.format(target=shlex.quote(str(target)), slug=assignments[0]))
    return 0


def grade(arguments: argparse.Namespace) -> int:
    """Grade what was handed in since last time for one assignment, unless only the report is asked for, and report."""
    if find_spec("nbgrader") is None:
        print("nbgrader isn't installed: pip install 'optilab[course]'", file=sys.stderr)
        return 1
    from optilab.course.batch import Batch
    from optilab.course.report import report

    try:
        batch = Batch(arguments.assignment)
        for student in arguments.student or batch.students() if arguments.grades else []:
            print(f"{student}: {batch.grade(student, anew=arguments.force)}", file=sys.stderr)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: run it again to grade the others", file=sys.stderr)
    print("\n".join(report(batch)))
    return 0


def execute(arguments: argparse.Namespace) -> int:
    """Run notebooks from top to bottom and save them in place, with nothing in them that the machine decides."""
    from tqdm import tqdm

    from optilab.execute import execute

    prefer_this_environment()
    for path in tqdm(arguments.notebooks or sorted(shipped_lessons().glob("*.ipynb"))):
        execute(path)
    return 0


def known(lookup: Any) -> Any:
    """Make a look-up that raises `ValueError` the type of an argument, whose message the reader then sees."""

    def convert(text: str) -> Any:
        try:
            return lookup(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return convert


def jobs(text: str) -> int:
    """How many processes, at least one."""
    require(text.isdecimal() and int(text) >= 1, "the number of jobs", text, "a whole number, 1 or more")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """The commands and what they take."""
    root = argparse.ArgumentParser(prog="optilab", description="Papers on optimisation that you can play with.")
    commands = root.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser(
        "lab",
        help="open the lessons in JupyterLab",
        usage="optilab lab [DIR] [--lesson N] [--here] [-- JUPYTER OPTIONS]",
        description="Copy the lessons into DIR, keep what you changed there, and open JupyterLab.",
        epilog="What follows -- goes to JupyterLab: optilab lab -- --no-browser --port 8890",
    )
    command.add_argument("folder", nargs="?", type=Path, default="optilab-lessons", metavar="DIR", help="%(default)s")
    command.add_argument("--lesson", type=known(lesson), default="0", metavar="N", help="its number")
    command.add_argument("--here", action="store_true", help="open the package's own lessons, not a copy")
    command.set_defaults(run=lab)

    command = commands.add_parser("list", help="list the papers")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=list_papers)

    command = commands.add_parser("reproduce", help="measure the papers' claims; exit status 1 if one does not hold")
    command.add_argument("papers", nargs="*", type=known(catalogue.paper), metavar="SLUG", help="all without one")
    command.add_argument("--quick", action="store_true", help="the smaller size that tests and lessons use")
    command.add_argument("--jobs", type=known(jobs), default=1, metavar="N", help="processes, %(default)s")
    command.add_argument("--json", action="store_true", help="numbers that are not finite become strings")
    command.set_defaults(run=reproduce)

    command = commands.add_parser("course", help="teach with the assignments")
    steps = command.add_subparsers(required=True, metavar="COMMAND")
    command = steps.add_parser(
        "init",
        help="set up an nbgrader course",
        description="Copy the assignments into DIR, overwriting nothing, and say what to do next.",
    )
    command.add_argument("folder", type=Path, metavar="DIR")
    command.set_defaults(run=start_course)
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

    command = commands.add_parser("execute", help="run the lessons and save them in place, for who writes them")
    command.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="all lessons without one")
    command.set_defaults(run=execute)
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; what follows `--` is JupyterLab's."""
    words = list(sys.argv[1:] if argv is None else argv)
    end = words.index("--") if "--" in words else len(words)
    arguments = parser().parse_args(words[:end])
    arguments.jupyter = words[end + 1 :]
    if arguments.jupyter and arguments.run is not lab:
        parser().error("only `optilab lab` passes options on after --")
    return int(arguments.run(arguments))


if __name__ == "__main__":
    sys.exit(main())
