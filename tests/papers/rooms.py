"""The papers whose files are all there. `test_rooms.py` says what others lack, and nothing else of them is tried."""

from pathlib import Path

from optilab.catalogue import PAPERS, Paper

ROOT = Path(__file__).parents[2]
PARTS = ("algorithm", "derivation", "experiment", "explorer", "exercises")


def missing(paper: Paper) -> list[str]:
    """The files that a paper is to have and hasn't; a part may be a module or a package."""
    room = f"optilab/papers/{paper.slug}"
    wanted = [(f"{room}/{part}.py", f"{room}/{part}/__init__.py") for part in PARTS]
    wanted += [
        (f"tests/papers/{paper.slug}/cases.py",),
        (f"lessons/{paper.lesson}",),
        (f"lessons/assignments/source/{paper.slug}/{paper.slug}.ipynb",),
        (f"tests/course/answers/{paper.slug}.py",),
    ]
    return [names[0] for names in wanted if not any((ROOT / name).exists() for name in names)]


WHOLE = [paper for paper in PAPERS if not missing(paper)]
