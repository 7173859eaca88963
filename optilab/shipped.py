"""What came with the package beside its code: the lessons and the pages for scripts."""

from pathlib import Path, PurePath

from optilab.core.check import require


class MissingError(RuntimeError):
    """What should have come with the package isn't there."""


def folder(name: str) -> Path:
    """A folder that came with the package, `lessons` or `docs`: inside an installed one, beside it in a clone.

    Raises
    ------
    MissingError
        If it is in neither place.
    """
    package = Path(__file__).parent
    for place in (package / name, package.parent / name):
        if place.is_dir():
            return place
    raise MissingError(f"the folder {name} isn't in {package} nor beside it: install optilab anew, or from a clone")


def lessons() -> Path:
    """The folder of the lessons."""
    return folder("lessons")


def lesson(name: str) -> str:
    """File name of a lesson, which is called by its number, by its slug or by both, as its file is.

    Raises
    ------
    ValueError
        If there is none of that name; the message lists those that there are.
    """
    paths = sorted(lessons().glob("[0-9][0-9]_*.ipynb"))
    files: dict[str, str] = {}
    for path in paths:
        number, _, slug = path.stem.partition("_")
        files |= dict.fromkeys((number, slug, path.stem, path.name), path.name)
    called = f"{int(name):02d}" if name.isdecimal() else name
    require(called in files, "the lesson", name, f"one of {', '.join(path.stem for path in paths)}")
    return files[called]


def shown(folder: Path) -> list[PurePath]:
    """The names of all files below a folder that aren't hidden."""
    names = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()]
    return [name for name in names if not any(part.startswith((".", "__")) for part in name.parts)]
