"""The source that a lesson shows is the package's own."""

import inspect

from optilab.core.check import require
from optilab.ui import predict
from optilab.ui.explorer import literal
from optilab.ui.source import source


def test_a_function_is_shown_as_it_is_written():
    assert source(require, docstrings=True).data == f"```python\n{inspect.getsource(require).rstrip()}\n```"


def test_several_things_are_one_block():
    shown = source(require, literal, predict.Predict).data
    assert shown.startswith("```python\ndef require(")
    assert "\n\n\ndef literal(" in shown
    assert "\n\n\nclass Predict(" in shown
    assert shown.count("```") == 2


def test_it_is_displayed_the_same_every_time():
    assert source(require)._repr_markdown_() == source(require)._repr_markdown_()
    assert repr(source(require)) == repr(source(require))


def test_of_docstrings_the_first_line_is_shown_and_all_else_as_it_is():
    shown = source(predict.Predict, require, literal).data
    assert '    """A question that' not in shown
    for line in ('    """Options to choose from', '    """Raise a `ValueError`', '    """The value as Python text'):
        assert line in shown
    assert shown.count('"""') == 2 * 3
    written = "".join(map(inspect.getsource, (predict.Predict, require, literal)))
    assert all(line in written for line in shown.splitlines()[1:-1] if '"""' not in line)
