"""The source that a lesson shows is the package's own."""

import inspect

from optilab.core.check import require
from optilab.ui import predict
from optilab.ui.explorer import literal
from optilab.ui.source import source


def test_a_function_is_shown_as_it_is_written():
    assert source(require).data == f"```python\n{inspect.getsource(require).rstrip()}\n```"


def test_several_things_are_one_block():
    shown = source(require, literal, predict.Predict).data
    assert shown.startswith("```python\ndef require(")
    assert "\n\n\ndef literal(" in shown
    assert "\n\n\nclass Predict(" in shown
    assert shown.count("```") == 2


def test_it_is_displayed_the_same_every_time():
    assert source(require)._repr_markdown_() == source(require)._repr_markdown_()
    assert repr(source(require)) == repr(source(require))


def test_docstrings_can_be_left_out_and_nothing_else_is():
    shown = source(predict.Predict, require, docstrings=False).data
    assert '"""' not in shown
    kept = [line for line in shown.splitlines() if line.strip()]
    written = (inspect.getsource(predict.Predict) + inspect.getsource(require)).splitlines()
    assert set(kept[1:-1]) <= set(written)
    assert "    def _chosen(self, _change: object) -> None:" in kept
    assert '    holds = condition.all() if hasattr(condition, "all") else condition' in kept
