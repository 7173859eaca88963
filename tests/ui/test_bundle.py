"""plotly.js goes to the browser once, is forgotten there after, and comes again when asked for."""

import gzip

import pytest

from optilab.ui import bundle
from optilab.ui.pictures import Pictures


@pytest.fixture(autouse=True)
def fresh():
    bundle.deliver.cache_clear()
    yield
    bundle.deliver.cache_clear()


def test_it_is_plotly_compressed_to_less_than_a_third():
    source = gzip.decompress(bundle.packed())
    assert b"plotly.js v" + bundle.VERSION.encode() in source[:400]
    assert len(bundle.packed()) < len(source) / 3


def test_it_is_delivered_once_for_all_pictures(monkeypatch):
    made = []
    monkeypatch.setattr(bundle, "Bundle", lambda: made.append(1) or len(made))
    first, second = Pictures([], name="a"), Pictures([], name="b")
    assert made == [1]
    assert len(first.spec + second.spec) < 1000


def test_it_is_forgotten_once_it_has_arrived():
    carrier = bundle.deliver()
    assert carrier.source == bundle.packed()
    carrier._handle_custom_msg({"type": "greeting"}, [])
    assert carrier.source == bundle.packed()
    carrier._handle_custom_msg({"type": "received"}, [])
    assert carrier.source == b""


def test_it_is_sent_again_to_a_page_that_asks():
    pictures = Pictures([], name="a")
    sent = []
    pictures.send = lambda content, buffers=None: sent.append((content, buffers))
    pictures._handle_custom_msg({"type": "plotly"}, [])
    assert sent == [({"type": "plotly"}, [bundle.packed()])]
    pictures._handle_custom_msg({"type": "reset"}, [])
    assert len(sent) == 1
