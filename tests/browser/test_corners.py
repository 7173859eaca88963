"""Every explorer at the extremes of its controls, drawn by Chromium: is there anything a reader would stumble over?"""

from pathlib import Path

import pytest
from corners import factories, some_corners

from optilab.stills import studio

pytestmark = pytest.mark.full
AUDIT = (Path(__file__).parent / "audit.js").read_text()


@pytest.fixture(scope="module", params=["light"])
def page(request):
    with studio(request.param, width=1180) as opened:
        opened.page.evaluate(AUDIT)
        yield opened


@pytest.fixture(scope="module", params=list(factories()))
def explorer(request):
    return request.param()


def test_nothing_is_blank_outside_or_unreadable_at_any_corner(explorer, page):
    found = {}
    for values in [explorer.start, *some_corners(explorer)]:
        if explorer.simulate and any(values[name] != explorer.start[name] for name in explorer.long):
            values = values | {name: explorer.start[name] for name in explorer.long}
        explorer.set(**values)
        if explorer.pictures.frame["error"]:
            continue  # it is said above the pictures
        page.show(explorer.pictures.spec, explorer.pictures.frame)
        for what in page.page.evaluate("audit()"):
            found.setdefault(what, values)
    assert found == {}


def test_every_control_does_something_or_is_greyed_out(explorer):
    idle = []
    for name, control in explorer.controls.items():
        explorer.set(**explorer.start)  # greyed out there, not where the control before it was tried last
        if control.widget.disabled or name in explorer.long:
            continue
        seen = set()
        for value in control.corners():
            explorer.set(**explorer.start | {name: value})
            frame = explorer.pictures.frame
            seen.add(
                str((sorted((key, bytes(entry["buffer"])) for key, entry in frame["arrays"].items()), frame["note"]))
            )
        if len(control.corners()) > 1 and len(seen) == 1:
            idle.append(name)
    explorer.set(**explorer.start)
    assert idle == []
