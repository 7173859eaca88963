"""The Jupyter server sends a kernel's short messages at once."""

import json
from pathlib import Path

from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from traitlets.config import Config

import optilab
from optilab.server import PromptConnection


def test_the_configuration_names_the_connection():
    ours = json.loads((Path(optilab.__file__).parent / "server.json").read_text())
    server = ServerApp(config=Config(ours))
    assert server.kernel_websocket_connection_class is PromptConnection


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
