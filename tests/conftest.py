"""How tests are dealt to processes, where their seconds went, room by room, and a process that ends while it writes."""

import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pytest
from absl import logging as absl_logging
from xdist.scheduler import LoadFileScheduling

from optilab.catalogue import PAPERS

# dp-accounting logs through absl, whose handler closes the stream it was made with when a Jupyter application sets up
# logging anew. That must not be the one that pytest keeps output in.
absl_logging.get_absl_handler().python_handler.setStream(sys.__stderr__)

HOUSE = "the house"
ROOMS = [*(paper.slug for paper in PAPERS), "arena"]
LONGEST = "tests/site/test_site.py"  # begun last it leaves processes idle, beside pages it starves them
TOGETHER = {"tests/course/test_release.py"}  # files of all rooms that are quick once they are set up


def place(nodeid: str) -> tuple[str, str]:
    """The room that a test is about, and the folder that it lies in."""
    path = PurePosixPath(nodeid.partition("::")[0])
    folder = path.parts[0] if path.parts[0] == "lessons" else path.parts[1]
    room = next((slug for slug in ROOMS if slug in nodeid), HOUSE)
    return room, folder.removeprefix("test_").removesuffix(".py")


class ByRoom(LoadFileScheduling):
    """Gives a process a file at a time; of a file that goes through all rooms, a room at a time."""

    def _split_scope(self, nodeid):
        file = super()._split_scope(nodeid)
        return file if file in TOGETHER else (file, place(nodeid)[0])


def pytest_collection_modifyitems(items):
    """Begin the longest file when the pages are done, before the rooms."""
    longest = [item for item in items if item.nodeid.startswith(LONGEST)]
    others = [item for item in items if not item.nodeid.startswith(LONGEST)]
    at = next((n for n, item in enumerate(others) if item.nodeid.startswith("tests/papers/")), len(others))
    items[:] = [*others[:at], *longest, *others[at:]]


@pytest.fixture
def cut_off(monkeypatch):
    """Where this is entered, what writes a file of the name, or any file, is stopped in the middle."""

    @contextmanager
    def entered(name="", by=KeyboardInterrupt):
        write = Path.write_bytes

        def stopped(path, content):
            if name not in path.name:
                return write(path, content)
            write(path, content[: len(content) // 2])
            raise by

        with monkeypatch.context() as patched:
            patched.setattr(Path, "write_bytes", stopped)
            yield

    return entered


def pytest_xdist_make_scheduler(config, log):
    """Deal tests by room where they are dealt by file."""
    return ByRoom(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_terminal_summary(terminalreporter):
    """Print a table of seconds: a line for each room, a column for each folder of tests."""
    seconds = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if hasattr(report, "duration"):
                room, folder = place(report.nodeid)
                seconds[room, folder] += report.duration
                seconds[room, "sum"] += report.duration
                seconds["sum", folder] += report.duration
                seconds["sum", "sum"] += report.duration
    rooms = [slug for slug in ROOMS if (slug, "sum") in seconds]
    folders = sorted({folder for _, folder in seconds} - {"sum"})
    terminalreporter.section("seconds, set-up and tear-down included")
    for room in ("", *rooms, HOUSE, "sum"):
        cells = [folder if room == "" else f"{seconds[room, folder]:.1f}" for folder in (*folders, "sum")]
        terminalreporter.line(f"{room:26}" + "".join(f"{'' if cell == '0.0' else cell:>9}" for cell in cells))
