"""What came with the package is found where it is, and missed in a sentence where it isn't."""

import pytest

from optilab import cli, shipped


@pytest.mark.parametrize("place", ["site-packages/optilab/lessons", "site-packages/lessons"])
def test_it_is_in_the_package_or_beside_it(place, tmp_path, monkeypatch):
    (tmp_path / place).mkdir(parents=True)
    monkeypatch.setattr(shipped, "__file__", str(tmp_path / "site-packages" / "optilab" / "shipped.py"))
    assert shipped.folder("lessons") == tmp_path / place
    assert shipped.lessons() == tmp_path / place


@pytest.mark.parametrize("words", [["lab"], ["course", "init", "mine"], ["execute"]])
def test_where_it_is_missing_commands_say_so(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "")
    monkeypatch.setattr(shipped, "__file__", str(tmp_path / "optilab" / "shipped.py"))
    assert cli.main(words) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"optilab: the folder lessons isn't in {tmp_path / 'optilab'} nor beside it")
    assert said.count("\n") == 1
