"""The repository's address: it stands in pyproject.toml, and is the same in badges, links and lines that install.

`python -m optilab.address OWNER/NAME` in a clone writes another one everywhere.
"""

import re
import sys
import tomllib
from pathlib import Path

from optilab.core.check import require

ROOT = Path(__file__).parents[1]
FILES = (
    "pyproject.toml",
    "CITATION.cff",
    "*.md",
    "docs/*.md",
    ".github/**/*.yml",
    "lessons/*.ipynb",
    "lessons/assignments/*.md",
)


def repository(root: Path = ROOT) -> str:
    """Owner and name, `owner/name`, as a clone's pyproject.toml says."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return "/".join(project["urls"]["Repository"].split("/")[-2:])


def move(new: str, root: Path = ROOT) -> list[Path]:
    """Write another owner and name wherever a clone says the present ones.

    Parameters
    ----------
    new : str
        `owner/name`.
    root : Path
        The clone.

    Returns
    -------
    list of Path
        The files that were changed.
    """
    require(re.fullmatch(r"[\w.-]+/[\w.-]+", new), "the repository", new, "OWNER/NAME")
    old, changed = repository(root), []
    (owner, name), (new_owner, new_name) = old.split("/"), new.split("/")
    hosted = re.compile(rf"(?<=[/.])(github\.com|github|gh)/{re.escape(old)}(?![\w-])")  # itself, in Colab, in Binder
    pages = re.compile(rf"\b{re.escape(owner)}\.github\.io/{re.escape(name)}(?![\w-])")
    for path in sorted({path for pattern in FILES for path in root.glob(pattern)}):
        text = path.read_text(encoding="utf-8")
        moved = pages.sub(f"{new_owner}.github.io/{new_name}", hosted.sub(rf"\g<1>/{new}", text))
        if moved != text:
            path.write_text(moved, encoding="utf-8")
            changed.append(path)
    return changed


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for path in move(sys.argv[1]):
        print(path.relative_to(ROOT))
