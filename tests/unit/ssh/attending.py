"""Joins the terminal it runs in to a program on a server: what a test puts into a pseudo-terminal."""

import json
import sys
from pathlib import Path

from webduh_console.errors import WebduhError
from webduh_console.transport.ssh.address import Endpoint
from webduh_console.transport.ssh.hostkeys import HostKeys
from webduh_console.transport.ssh.machine import SSHMachine


def main() -> int:
    """Words: port, key file, known hosts file, argv as JSON."""
    port, key, known, argv = sys.argv[1:]
    endpoint = Endpoint("127.0.0.1", int(port), "root", (key,), (), "", only=True)
    with SSHMachine("prod", endpoint, HostKeys(Path(known), ())) as machine:
        try:
            return machine.terminal(json.loads(argv))
        except WebduhError as error:
            print(error, file=sys.stderr)
            return 99


if __name__ == "__main__":
    sys.exit(main())
