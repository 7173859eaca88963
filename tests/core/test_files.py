"""A file that is written anew is the old one or the new one, and nothing in between."""

import pytest

from optilab.core.files import replace


@pytest.fixture
def path(tmp_path):
    return tmp_path / "notes.txt"


@pytest.mark.parametrize("content", ["λ = ½\n", b"\xff\x00"])
def test_it_writes_a_new_file_and_replaces_an_old_one(path, content):
    for before in (None, "before"):
        if before:
            path.write_text(before)
        replace(path, content)
        assert path.read_bytes() == (content if isinstance(content, bytes) else content.encode())
        assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), OSError(28, "No space left on device", "elsewhere")])
def test_what_is_cut_off_leaves_the_old_one(path, stop, cut_off):
    path.write_text("before")
    with cut_off(by=stop), pytest.raises(type(stop)) as raised:
        replace(path, "after, and longer")
    assert path.read_text() == "before"
    assert list(path.parent.iterdir()) == [path]
    assert getattr(raised.value, "filename", str(path)) == str(path)


def test_permissions_stay_and_a_link_stays_a_link(path):
    path.write_text("before")
    path.chmod(0o640)
    link = path.with_name("link.txt")
    link.symlink_to(path)
    replace(link, "after")
    assert link.is_symlink()
    assert path.read_text() == "after"
    assert path.stat().st_mode & 0o777 == 0o640


def test_where_there_is_no_folder_the_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError) as raised:
        replace(tmp_path / "none" / "notes.txt", "text")
    assert raised.value.filename == str(tmp_path / "none" / "notes.txt")
