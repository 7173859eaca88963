"""What a reader does to the controls of an explorer, by keyboard and by mouse."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from typing import NamedTuple

import pytest
from driver import Explorer
from playwright.sync_api import Locator


class Control(NamedTuple):
    """A control: its label, a move, another one, the way back; what leads away from where it moves to; its element."""

    label: str
    move: Callable[[], None]
    other: Callable[[], None]
    back: Callable[[], None]
    node: Locator
    away: Callable[[], None] | None = None

    @property
    def enabled(self) -> bool:
        """Whether it isn't greyed out, as what does nothing at the present values is."""
        return self.node.is_enabled() and self.node.locator("xpath=ancestor-or-self::*[@disabled]").count() == 0


def sliders(box: Locator) -> Iterator[Control]:
    """Every slider, to be moved from where it is now: onwards, or back if that leads near its end."""
    for handle in box.locator(".noUi-handle").all():
        at, low, high = (float(handle.get_attribute(f"aria-value{end}")) for end in ("now", "min", "max"))
        keys = ["ArrowRight", "PageUp", "ArrowLeft"]
        if at > low + 0.7 * (high - low):
            keys = ["ArrowLeft", "PageDown", "ArrowRight"]
        label = handle.locator("xpath=ancestor::*[contains(@class, 'widget-inline-hbox')][1]").inner_text()
        yield Control(label, *(partial(handle.press, key) for key in keys), handle)


def switches(box: Locator) -> Iterator[Control]:
    """Every check box."""
    for check in box.locator("input[type=checkbox]").all():
        yield Control(check.locator("xpath=..").inner_text(), *3 * [partial(check.press, "Space")], check)


def choices(box: Locator) -> Iterator[Control]:
    """Every drop-down list."""
    for select in box.locator("select").all():
        down, up = (partial(select.press, key) for key in ("ArrowDown", "ArrowUp"))
        first = select.evaluate("node => node.selectedIndex === 0")
        keys = (down, up, up) if first else (up, down, down)
        yield Control(select.locator("xpath=..").inner_text(), *keys, select)


def formulas(box: Locator) -> Iterator[Control]:
    """Every field for a formula."""
    for field in box.locator("input[type=text]").all():
        old = field.input_value()
        new = {"1": "2"}.get(old, f"1.5*({old})")

        def enter(text, field=field):
            field.press("ControlOrMeta+a")
            field.press_sequentially(text)
            field.press("Enter")

        yield Control(
            field.locator("xpath=..").inner_text(), *(partial(enter, text) for text in (new, old, old)), field
        )


def controls(box: Locator) -> Iterator[Control]:
    """Every control of an explorer's box, or of a row of it."""
    return chain(sliders(box), switches(box), choices(box), formulas(box))


def named(box: Locator) -> Iterator[Control]:
    """Every button beside a control."""
    for button in box.locator(".optilab-control .widget-button").all():
        row = button.locator("xpath=ancestor::*[contains(@class, 'optilab-control')][1]")

        def away(row=row):
            next(controls(row)).move()

        yield Control(button.inner_text(), *3 * [button.click], button, away)


def points(box: Locator) -> Iterator[Control]:
    """Every picture that takes a click: one left of its middle and above, another below."""
    for plot in box.locator(".optilab-click .nsewdrag").all():

        def click(across, down, plot=plot):
            plot.scroll_into_view_if_needed()
            area = plot.bounding_box()
            plot.page.mouse.click(area["x"] + across * area["width"], area["y"] + down * area["height"])

        places = (0.3, 0.35), (0.4, 0.6), (0.3, 0.35)
        yield Control("a click in the picture", *(partial(click, *place) for place in places), plot)


KINDS = (named, points, sliders, switches, choices, formulas)


def changes(explorer: Explorer, label: str, move: Callable[[], None]) -> bool:
    """Make a move; whether it changed what is shown."""
    before = explorer.fingerprint()
    try:
        explorer.act(move)
    except RuntimeError as error:
        pytest.fail(f"{label!r} does not redraw: {error}")
    assert (label, explorer.error) == (label, "")
    return explorer.fingerprint() != before


def press_run(explorer: Explorer) -> None:
    """Press the button that runs the long part with the values now, and wait for its pictures."""
    assert "press the button" in explorer.note
    explorer.act(explorer.root.locator(".optilab-run").click)
    explorer.wait("root => !root.classList.contains('optilab-stale')")


def move_everything(explorer: Explorer) -> None:
    """Move every control; each of them must change what is shown."""
    still, long = [], []
    for control in controls(explorer.box):
        changed = control.enabled and changes(explorer, control.label, control.move)
        if explorer.stale:
            long.append(control)
            explorer.act(control.back)
            if explorer.stale:
                press_run(explorer)
        elif not changed:
            still.append(control)

    def silent(control: Control, *moves: Callable[[], None]) -> bool:
        return not (control.enabled and any(changes(explorer, control.label, move) for move in moves))

    # some controls matter only once others have moved: to where the first pass has led, or to named values; others only
    # where those stood; a control that is greyed out all the while says that it doesn't
    still = [control for control in still if silent(control, control.other)]
    for button in named(explorer.box) if still else []:
        if button.enabled:
            explorer.act(button.move)
            still = [control for control in still if silent(control, control.move, control.back)]
    if still:
        explorer.act(explorer.button("Reset").click)
        still = [one for one in still if one.enabled and silent(one, one.move, one.other)]
    assert still == [], f"nothing changes by {[control.label for control in still]}"
    if long:
        before = explorer.fingerprint()
        for control in long:
            explorer.act(control.move)
        press_run(explorer)
        assert explorer.error == ""
        assert explorer.fingerprint() != before
