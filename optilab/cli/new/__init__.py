"""`optilab new`: the files of a new paper, for the tests to say what is missing in them."""

import argparse
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from string import Template
from typing import Any

from optilab import catalogue
from optilab.address import ROOT, repository
from optilab.catalogue import Paper
from optilab.cli.new.notebooks import assignment, lesson
from optilab.cli.refused import RefusedError, argument, files
from optilab.core.check import require

TEMPLATES = Path(__file__).parent / "templates"
ROOM = ("__init__.py", "algorithm.py", "derivation.py", "experiment.py", "explorer.py", "exercises.py")
TESTS = ("cases.py", "test_algorithm.py")
ROWS = re.compile(r"^PAPERS = \(\n(?:    .*\n)*", re.MULTILINE)  # in the catalogue
ASKED = [field for field in fields(Paper) if field.default is MISSING and field.default_factory is MISSING]
TABLE = re.compile(r"^\| lesson \|.*(?:\n\|.*)+\n", re.MULTILINE)  # in README


def add(commands: Any) -> None:
    """What the command takes."""
    command = commands.add_parser(
        "new",
        help="begin with a paper: its room, lesson, assignment and tests",
        description="Make the files of a new paper in a clone. Then `python -m pytest -k SLUG` says what is missing.",
    )
    command.add_argument("slug", type=argument(slug), metavar="SLUG", help="its name everywhere: frank_wolfe")
    for name in ("title", "authors", "source"):
        command.add_argument(f"--{name}", default="", help="as cited")
    command.add_argument("--year", type=int, default=0)
    command.set_defaults(run=new)


def slug(text: str) -> str:
    """A name that no paper has and that a module can have."""
    plain = re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", text)
    require(plain, "the slug", text, "words of small letters and digits, joined by _")
    require(text not in {paper.slug for paper in catalogue.PAPERS}, "the slug", text, "one that no paper has")
    return text


def begun(arguments: argparse.Namespace) -> Paper:
    """The row of the paper, as far as it is known."""
    numbers = [int(path.name[:2]) for path in (ROOT / "lessons").glob("[0-9][0-9]_*.ipynb")]
    known = vars(arguments) | {"number": max(numbers) + 1}
    empty: dict[Any, Any] = {str: "", int: 0}
    return Paper(**{field.name: known.get(field.name, empty.get(field.type, ())) for field in ASKED})


def made(paper: Paper) -> Iterator[tuple[str, str]]:
    """Name and text of every file of a paper that has only begun."""
    filled = {"slug": paper.slug, "short": textwrap.shorten(paper.title or paper.slug, 100, placeholder=" …")}

    def template(name: str) -> str:
        return Template((TEMPLATES / f"{name}.txt").read_text(encoding="utf-8")).substitute(filled)

    for name in ROOM:
        yield f"optilab/papers/{paper.slug}/{name}", template(name)
    for name in TESTS:
        yield f"tests/papers/{paper.slug}/{name}", template(name)
    yield f"lessons/{paper.lesson}", lesson(paper, repository())
    yield f"lessons/assignments/source/{paper.slug}/{paper.slug}.ipynb", assignment(paper)
    yield f"tests/course/answers/{paper.slug}.py", template("answers.py")


def enter(paper: Paper) -> None:
    """Add the paper to the catalogue, and print README's table anew."""
    path = ROOT / "optilab" / "catalogue.py"
    row = "\n".join(f"        {field.name}={literal(getattr(paper, field.name))}," for field in ASKED)
    text = ROWS.sub(lambda rows: f"{rows[0]}    Paper(\n{row}\n    ),\n", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")

    command = [sys.executable, "-m", "optilab.catalogue"]
    table = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    readme = ROOT / "README.md"
    readme.write_text(TABLE.sub(lambda _: table, readme.read_text(encoding="utf-8")), encoding="utf-8")


def literal(value: Any) -> str:
    """A value as the catalogue writes it."""
    quoted = isinstance(value, str) and '"' not in value
    return f'"{value}"' if quoted else repr(value)


def new(arguments: argparse.Namespace) -> int:
    """Make the files of a new paper, overwriting nothing."""
    if not (ROOT / "tests" / "papers").is_dir():
        raise RefusedError("a paper is added in a clone of the repository, which has the tests as well")
    paper = begun(arguments)
    texts = {ROOT / name: text for name, text in made(paper)}
    there = [str(path.relative_to(ROOT)) for path in texts if path.exists()]
    if there:
        raise RefusedError(f"there already, and left as they are: {', '.join(there)}")
    with files("the paper can't be begun"):
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        enter(paper)
    print("\n".join(str(path.relative_to(ROOT)) for path in texts))
    print("and a row in optilab/catalogue.py and README.md.\n")
    print(f"What is missing in them: python -m pytest -k {paper.slug}")
    return 0
