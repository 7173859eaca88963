"""`optilab lab`: the lessons in JupyterLab, in the student's own copy."""

import argparse
import json
import os
import sys
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import Any

from optilab import shipped
from optilab.cli.environment import one_thread_each, prefer_this_environment
from optilab.cli.refused import RefusedError, argument, files
from optilab.core.files import replace

MANIFEST = ".optilab.json"  # in a student's folder: the hash of every file as it was shipped last
DAMAGED = f"{MANIFEST} there is damaged, so every file that isn't as it is shipped today counts as changed by you."


def add(commands: Any) -> None:
    """What the command takes."""
    command = commands.add_parser(
        "lab",
        help="open the lessons in JupyterLab",
        usage="optilab lab [DIR] [--lesson NAME] [--here] [-- JUPYTER OPTIONS]",
        description="Copy the lessons into DIR, keep what you changed there, and open JupyterLab.",
        epilog="What follows -- goes to JupyterLab: optilab lab -- --no-browser --port 8890",
    )
    command.add_argument("folder", nargs="?", type=Path, default="optilab-lessons", metavar="DIR", help="%(default)s")
    command.add_argument(
        "--lesson",
        type=argument(shipped.lesson),
        default="0",
        metavar="NAME",
        help="its number or its slug: 4, last_iterate",
    )
    command.add_argument("--here", action="store_true", help="open the package's own lessons, not a copy")
    command.set_defaults(run=lab)


def digest(text: bytes) -> str:
    """What tells one version of a file from another."""
    return sha256(text).hexdigest()


@dataclass
class Copy:
    """A student's copy of the lessons.

    Parameters
    ----------
    folder : Path
        Where it is.
    before : dict
        The hash of every file as it was when it was brought up to date last.
    """

    folder: Path
    before: dict[str, str]
    now: dict[str, str] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    newer: list[str] = field(default_factory=list)  # what was put beside a file that was kept

    def put(self, name: PurePath, text: bytes) -> bool:
        """Write a file as it is shipped now, unless the student has changed it; whether it is as shipped then."""
        copy, key = self.folder / name, name.as_posix()
        self.now[key] = digest(text)
        there = digest(copy.read_bytes()) if copy.exists() else ""
        if there not in ("", self.now[key], self.before.get(key)):
            return False
        if there != self.now[key]:
            (self.updated if there else self.added).append(key)
            copy.parent.mkdir(parents=True, exist_ok=True)
            replace(copy, text)
        return True

    def bring(self, name: PurePath, text: bytes) -> None:
        """Bring a file up to date; of one that the student has changed put a newer version beside it, once."""
        if self.put(name, text):
            return
        key, beside = name.as_posix(), name.with_stem(f"{name.stem}.new")
        self.kept.append(key)
        if self.before.get(key) == self.now[key]:  # the student has had this version
            self.now |= {other: old for other, old in self.before.items() if other == beside.as_posix()}
        elif self.put(beside, text):
            self.newer.append(beside.as_posix())

    def said(self, anew: bool) -> list[str]:
        """What has happened, in sentences."""
        lines = [f"The lessons are in {self.folder}."]
        for what, keys in (("New", [] if anew else self.added), ("Updated", self.updated)):
            if told := [key for key in keys if key not in self.newer]:
                lines.append(f"{what}: {', '.join(told)}.")
        if self.kept:
            lines.append(f"Kept as you changed them: {', '.join(self.kept)}. Delete or rename one to get it anew.")
        if self.newer:
            lines.append(f"Newer versions of them are beside them: {', '.join(self.newer)}.")
        return lines


def copy_lessons(source: Path, folder: Path) -> list[str]:
    """Bring the copy of the lessons in `folder` up to date; a file that the student changed stays as it is.

    Returns
    -------
    list of str
        What has happened, in sentences.

    Raises
    ------
    RefusedError
        If there can be no such folder, or it can't be read or written.
    """
    if folder.exists() and not folder.is_dir():
        raise RefusedError(f"{folder} is a file; name a folder for the lessons: optilab lab DIR")
    manifest, notes = folder / MANIFEST, []
    with files("the lessons can't be copied"):
        folder.mkdir(parents=True, exist_ok=True)
        anew = not manifest.exists()
        try:
            before = {} if anew else dict(json.loads(manifest.read_text(encoding="utf-8")))
        except (ValueError, TypeError):
            before, notes = {}, [DAMAGED]
        copy = Copy(folder, before)
        for name in shipped.shown(source):
            if name.parts[0] == "assignments" and name.parts[1] != "release":
                continue  # of the assignments, students get what a teacher has released
            copy.bring(name, (source / name).read_bytes())
        replace(manifest, json.dumps(copy.now, indent=1))
    return [*copy.said(anew), *notes]


def lab(arguments: argparse.Namespace) -> int:
    """Open JupyterLab on a lesson, in the student's own copy or in the clone."""
    if find_spec("jupyterlab") is None:
        raise RefusedError("JupyterLab isn't installed, which shows the lessons: pip install 'optilab[lab]'")
    from jupyterlab.labapp import LabApp

    folder = shipped.lessons() if arguments.here else arguments.folder.resolve()
    if not arguments.here:
        print("\n".join(copy_lessons(shipped.lessons(), folder)))
    options = [f"--ServerApp.root_dir={folder}", f"--LabApp.default_url=/lab/tree/{arguments.lesson}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        print("You are root, as in many containers: JupyterLab is started with --allow-root.")
        options.append("--allow-root")
    prefer_this_environment()
    one_thread_each()
    sys.stdout.flush()
    LabApp.launch_instance([*options, *arguments.jupyter])
    return 0
