"""What the Jupyter server of an environment with optilab does differently: it sends short messages at once."""

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptConnection(ZMQChannelsWebsocketConnection):
    """A kernel's messages on their way to the page, without Nagle's algorithm.

    TCP holds a short message back until the one before it is acknowledged, which a browser does up to 40 ms later. A
    kernel that answers a slider says first that it is busy, and its answer would wait for that.
    """

    def connect(self):
        """Connect the page to the kernel."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()


def _jupyter_server_extension_points():
    """Say where the extension of the server is."""
    return [{"module": "optilab.server"}]


def _load_jupyter_server_extension(serverapp):
    """Have kernels of this machine connected so; those behind a gateway are left alone."""
    settings = serverapp.web_app.settings
    if settings.get("kernel_websocket_connection_class") is ZMQChannelsWebsocketConnection:
        settings["kernel_websocket_connection_class"] = PromptConnection
