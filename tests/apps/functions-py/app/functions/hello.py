"""Says hello."""

import os


def handler(event):
    """Answer a request: a value that is no text is sent as JSON."""
    return {"hello": event["query"].get("name", "world"), "from": os.environ.get("GREETER", "nobody")}
