"""The wheel carries the lessons, and a description whose pictures are seen elsewhere."""

import re
import subprocess
import sys
import tarfile
from email import message_from_bytes
from zipfile import ZipFile

from optilab.address import repository


def test_the_wheel_holds_package_lessons_and_assignments(clone, tmp_path):
    assignment = clone / "lessons" / "assignments" / "source" / "made_up" / "made_up.ipynb"
    assignment.parent.mkdir(parents=True)
    assignment.write_text("{}")
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), "."]
    subprocess.run(pip, cwd=clone, check=True)
    (wheel,) = tmp_path.glob("optilab-*.whl")
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (about,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        metadata = message_from_bytes(archive.read(about))
    for folder, place in (("lessons", "optilab/"), ("optilab", "")):
        files = [path.relative_to(clone).as_posix() for path in (clone / folder).rglob("*") if path.is_file()]
        assert files
        assert names >= {place + name for name in files}
    assert "optilab/lessons/assignments/source/made_up/made_up.ipynb" in names
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


def test_the_source_distribution_holds_all_that_the_wheel_is_made_from(clone, tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(build, cwd=clone, check=True, capture_output=True)
    (sdist,) = tmp_path.glob("optilab-*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = [path.relative_to(clone).as_posix() for path in clone.rglob("*") if path.is_file()]
    assert [name for name in wanted if name not in names and not name.startswith((".ci/", ".github/"))] == []
