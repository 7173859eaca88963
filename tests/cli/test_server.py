"""The Jupyter server sends a kernel's short messages at once."""

import json
from pathlib import Path
from types import SimpleNamespace

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

import optilab
from optilab import server
from optilab.server import PromptConnection


def test_the_extension_is_enabled_and_leaves_other_connections_alone():
    ours = json.loads((Path(optilab.__file__).parent / "server.json").read_text())
    assert ours == {
        "ServerApp": {"jpserver_extensions": {server._jupyter_server_extension_points()[0]["module"]: True}}
    }
    for before, after in ((ZMQChannelsWebsocketConnection, PromptConnection), (object, object)):
        app = SimpleNamespace(web_app=SimpleNamespace(settings={"kernel_websocket_connection_class": before}))
        server._load_jupyter_server_extension(app)
        assert app.web_app.settings["kernel_websocket_connection_class"] is after


def test_nothing_waits_for_what_was_sent_before(monkeypatch):
    done = []

    class Handler(KernelWebsocketHandler):
        def __init__(self):
            pass

        def set_nodelay(self, value):
            done.append(value)

    monkeypatch.setattr(ZMQChannelsWebsocketConnection, "connect", lambda self: done.append("connected"))
    connection = PromptConnection.__new__(PromptConnection)
    connection.websocket_handler = Handler()
    connection.connect()
    assert done == [True, "connected"]
