"""The wheel carries the lessons."""

import subprocess
import sys
from zipfile import ZipFile


def test_the_wheel_holds_package_lessons_and_assignments(clone, tmp_path):
    assignment = clone / "lessons" / "assignments" / "source" / "made_up" / "made_up.ipynb"
    assignment.parent.mkdir(parents=True)
    assignment.write_text("{}")
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), "."]
    subprocess.run(pip, cwd=clone, check=True)
    (wheel,) = tmp_path.glob("optilab-*.whl")
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder, place in (("lessons", "optilab/"), ("optilab", "")):
        files = [path.relative_to(clone).as_posix() for path in (clone / folder).rglob("*") if path.is_file()]
        assert files
        assert names >= {place + name for name in files}
    assert "optilab/lessons/assignments/source/made_up/made_up.ipynb" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith("tests") for name in names)
    (ours,) = (name for name in names if "/data/etc/" in name)
    assert ours.endswith("/data/etc/jupyter/jupyter_server_config.d/optilab.json")
