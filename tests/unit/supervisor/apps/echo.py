"""A websocket that answers each message with NAME and the message."""

import os

from websockets.sync.server import serve


def echo(connection):
    for message in connection:
        connection.send(f"{os.environ['NAME']}: {message}")


with serve(echo, "127.0.0.1", int(os.environ["PORT"])) as server:
    server.serve_forever()
