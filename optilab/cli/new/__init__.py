"""`optilab new`: the files of a new paper, for the tests to say what is missing in them."""

import argparse
import json
import re
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
from optilab.core.files import replace

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
        command.add_argument(f"--{name}", type=on_one_line, default="", help="as cited")
    command.add_argument("--year", type=int, default=0)
    command.set_defaults(run=new)


def slug(text: str) -> str:
    """A name that no paper has and that a module can have."""
    plain = re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", text)
    require(plain, "the slug", text, "words of small letters and digits, joined by _")
    require(text not in {paper.slug for paper in catalogue.PAPERS}, "the slug", text, "one that no paper has")
    return text


def on_one_line(text: str) -> str:
    """A text whose words have one space between them."""
    return " ".join(text.split())


def begun(arguments: argparse.Namespace) -> Paper:
    """The row of the paper, as far as it is known."""
    numbers = [int(path.name[:2]) for path in (ROOT / "lessons").glob("[0-9][0-9]_*.ipynb")]
    known = vars(arguments) | {"number": max(numbers) + 1}
    empty: dict[Any, Any] = {str: "", int: 0}
    return Paper(**{field.name: known.get(field.name, empty.get(field.type, ())) for field in ASKED})


def made(paper: Paper) -> Iterator[tuple[str, str]]:
    """Name and text of every file of a paper that has only begun."""
    short = textwrap.shorten(paper.title or paper.slug, 100, placeholder=" …")
    filled = {"slug": paper.slug, "docstring": docstring(short)}

    def template(name: str) -> str:
        return Template((TEMPLATES / f"{name}.txt").read_text(encoding="utf-8")).substitute(filled)

    for name in ROOM:
        yield f"optilab/papers/{paper.slug}/{name}", template(name)
    for name in TESTS:
        yield f"tests/papers/{paper.slug}/{name}", template(name)
    yield f"lessons/{paper.lesson}", lesson(paper, repository())
    yield f"lessons/assignments/source/{paper.slug}/{paper.slug}.ipynb", assignment(paper)
    yield f"tests/course/answers/{paper.slug}.py", template("answers.py")


def entered(paper: Paper) -> dict[Path, str]:
    """The catalogue with the paper's row, and README with the table that it then prints.

    Raises
    ------
    RefusedError
        If one of them isn't as this command knows it.
    """
    row = "\n".join(f"        {field.name}={literal(getattr(paper, field.name))}," for field in ASKED)
    rows = f"    Paper(\n{row}\n    ),\n"
    table = f"{catalogue.markdown((*catalogue.PAPERS, paper))}\n"
    changes = {
        ROOT / "optilab" / "catalogue.py": (ROWS, lambda match: match[0] + rows),
        ROOT / "README.md": (TABLE, lambda _: table),
    }
    texts = {}
    for path, (pattern, change) in changes.items():
        with files("the paper can't be entered"):
            text, found = pattern.subn(change, path.read_text(encoding="utf-8"))
        if not found:
            raise RefusedError(f"{path} has no table of papers of the usual form, so the paper can't be entered")
        texts[path] = text
    try:
        compile(texts[ROOT / "optilab" / "catalogue.py"], "optilab/catalogue.py", "exec")
    except (SyntaxError, ValueError) as error:  # as for half a character
        raise RefusedError(f"with this row optilab/catalogue.py wouldn't be Python any more: {error}") from error
    return texts


def literal(value: Any) -> str:
    """A value as the catalogue writes it; of a text's quotation marks those that leave less to be escaped."""
    if not isinstance(value, str):
        return repr(value)
    return min(json.dumps(value, ensure_ascii=False), repr(value), key=lambda text: text.count("\\"))


def docstring(text: str) -> str:
    """A text as a docstring of one line; quotation marks in it are single, and backslashes themselves."""
    return ("r" if "\\" in text else "") + '"""' + text.replace('"', "'") + '."""'


def new(arguments: argparse.Namespace) -> int:
    """Make the files of a new paper, overwriting nothing."""
    if not (ROOT / "tests" / "papers").is_dir():
        raise RefusedError("a paper is added in a clone of the repository, which has the tests as well")
    paper = begun(arguments)
    texts = {ROOT / name: text for name, text in made(paper)}
    there = [str(path.relative_to(ROOT)) for path in texts if path.exists()]
    if there:
        raise RefusedError(f"there already, and left as they are: {', '.join(there)}")
    rows = entered(paper)
    with files("the paper can't be begun"):
        for path, text in {**texts, **rows}.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            replace(path, text)
    print("\n".join(str(path.relative_to(ROOT)) for path in texts))
    print("and a row in optilab/catalogue.py and README.md.\n")
    print(f"What is missing in them: python -m pytest -k {paper.slug}")
    return 0
