"""The wheel carries the lessons, and a description whose pictures are seen elsewhere."""

import re
import subprocess
import sys
import tarfile
from email import message_from_bytes
from zipfile import ZipFile

from optilab.address import repository

LEFT = [  # by who teaches and writes in the clone
    "docs/.ipynb_checkpoints/bring_your_own-checkpoint.md",
    "lessons/.ipynb_checkpoints/04_last_iterate-checkpoint.ipynb",
    "lessons/Untitled.ipynb",
    "lessons/assignments/autograded/ada/mfac/mfac.ipynb",
    "lessons/assignments/feedback/ada/mfac/mfac.html",
    "lessons/assignments/gradebook.db",
    "lessons/assignments/grades.csv",
    "lessons/assignments/reports/mfac.json",
    "lessons/assignments/source/.ipynb_checkpoints/mfac.ipynb",
    "lessons/assignments/source/mfac/.ipynb_checkpoints/mfac-checkpoint.ipynb",
    "lessons/assignments/source/mfac/gradebook.db",
    "lessons/assignments/submitted/ada/mfac/mfac.ipynb",
]


def write(clone, names):
    for name in names:
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text("{}")


def built(target, clone, folder):
    """The file that hatchling builds from a clone."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    subprocess.run(build, cwd=clone, check=True, capture_output=True)
    (path,) = folder.glob("optilab-*")
    return path


def test_the_wheel_holds_package_lessons_and_assignments(clone, tmp_path):
    made = [f"lessons/assignments/{stage}/made_up/made_up.ipynb" for stage in ("source", "release")]
    write(clone, made)
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), "."]
    subprocess.run(pip, cwd=clone, check=True)
    (wheel,) = tmp_path.glob("optilab-*.whl")
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (about,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        metadata = message_from_bytes(archive.read(about))
    for folder, place in (("lessons", "optilab/"), ("docs", "optilab/"), ("optilab", "")):
        files = [path.relative_to(clone).as_posix() for path in (clone / folder).rglob("*") if path.is_file()]
        assert files
        assert names >= {place + name for name in files}
    assert {f"optilab/{name}" for name in made} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith("tests") for name in names)
    (ours,) = (name for name in names if "/data/etc/" in name)
    assert ours.endswith("/data/etc/jupyter/jupyter_server_config.d/optilab.json")

    address = f"https://github.com/{repository(clone)}"
    assert f"Repository, {address}" in metadata.get_all("Project-URL")
    assert metadata["Author"] == "optilab developers"
    assert metadata["Description-Content-Type"] == "text/markdown"
    description = metadata.get_payload(decode=True).decode()
    targets = re.findall(r"\]\(([^)]+)\)", description)
    assert [target for target in targets if not target.startswith("https://")] == []
    assert f"]({address}/raw/main/tests/browser/readme.png)" in description
    assert f"]({address}/blob/main/lessons/04_last_iterate.ipynb)" in description
    bare = re.sub(rf"{re.escape(address)}/(raw|blob)/main/", "", description)
    assert bare == (clone / "README.md").read_text()


def test_the_source_distribution_holds_all_that_the_wheel_is_made_from_and_nothing_that_work_left(clone, tmp_path):
    wanted = [path.relative_to(clone).as_posix() for path in clone.rglob("*") if path.is_file()]
    write(clone, LEFT)
    with tarfile.open(built("sdist", clone, tmp_path / "sdist")) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
        archive.extractall(tmp_path / "unpacked", filter="data")
    assert [name for name in wanted if name not in names and not name.startswith((".ci/", ".github/"))] == []
    assert names & {*LEFT} == set()

    (unpacked,) = (tmp_path / "unpacked").iterdir()
    of_clone, of_sdist = (
        set(ZipFile(built("wheel", source, tmp_path / name)).namelist())
        for name, source in {"clone": clone, "of sdist": unpacked}.items()
    )
    assert of_clone == of_sdist
    assert of_clone & {f"optilab/{name}" for name in LEFT} == set()


def test_an_editable_install_is_the_clone_itself(clone, tmp_path):
    write(clone, LEFT)
    script = f"from hatchling.build import build_editable; build_editable({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", script], cwd=clone, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("optilab-*.whl")
    with ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
        assert archive.read("_optilab.pth").decode().split() == [str(clone)]
    assert sorted(name.rpartition("/")[2] for name in names) == ["_optilab.pth", "optilab.json"]
