"""Apps whose builds on a server are looked at, and what those say and leave."""

import secrets
import threading
from pathlib import Path

from building_place import OWN, planned, run, said
from server import Server
from source_tree import written
from waiting import wait_until

from webduh_console.errors import BuildError, CancelledError, TargetError
from webduh_console.model.build import BuildPlan, Static
from webduh_console.model.release import Variable
from webduh_console.model.target import CancelToken
from webduh_console.targets.server.builder import ServerBuilder

EXAMPLES = Path(__file__).parents[2] / "examples"
SITE = BuildPlan("static", "html", static=Static("."))
TOKEN = "s3cret-and-quite-long"
SLOW = "FROM busybox\nARG WEBDUH_SECRETS\nRUN --mount=type=secret,id=TOKEN echo begun; sleep 300\n"
SECRET = """\
FROM busybox
ARG WEBDUH_SECRETS
RUN --mount=type=secret,id=TOKEN \\
    echo "it is $(cat /run/secrets/TOKEN)"; echo "as base64: $(base64 /run/secrets/TOKEN)"; sleep 2
RUN --mount=type=secret,id=TOKEN sha256sum /run/secrets/TOKEN > /digest
"""


def app(folder: Path, dockerfile: str, **more: str) -> Path:
    """An app whose steps no earlier test has run: `NEW` in its Dockerfile is another word each time."""
    written(folder, {"Dockerfile": dockerfile.replace("NEW", secrets.token_hex(8)), **more})
    return folder


def build(made: ServerBuilder, folder: Path, plan: BuildPlan = OWN, **variables: Variable) -> tuple[list[str], str]:
    """What a build says, and the digest of what it made."""
    events, artifact = run(made.build(planned(folder, plan, variables), CancelToken()))
    return said(events), artifact.digest


def left(server: Server) -> str:
    """What builds have left in memory: secrets stand there."""
    return server.sh("ls /dev/shm /tmp | grep webduh-build || true")


def begin(
    made: ServerBuilder, folder: Path, cancel: CancelToken, lines: list[str], ended: list[object]
) -> threading.Thread:
    """Build in a thread until a step has begun."""

    def go() -> None:
        try:
            building = made.build(planned(folder, variables={"TOKEN": Variable(TOKEN, True)}), cancel)
            lines.extend(getattr(event, "text", "") for event in building)
            ended.append("done")
        except (CancelledError, BuildError, TargetError) as error:
            ended.append(error)

    thread = threading.Thread(target=go)
    thread.start()
    wait_until(lambda: "begun" in lines or ended, "the step began")
    return thread
