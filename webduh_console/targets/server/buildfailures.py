"""Why a build on a server failed, in words. Pure."""

import re
from collections.abc import Callable, Mapping

from webduh_console.errors import BuildError, TargetError, WebduhError
from webduh_console.targets.server.buildkit import Failure, short_name
from webduh_console.targets.server.caps import Caps

KEPT = "What serves now was not touched."
_OUTPUT = "Its whole output is above, and in `webduh deployments`."
_GONE = re.compile(
    r"Cannot connect to the Docker daemon|error reading from server: EOF|code = Unavailable|connection reset by peer"
    r"|use of closed network connection|server closed the stream|failed to receive status"
)
_FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
_FOREIGN = re.compile(r"exec format error|no match for platform in manifest|does not match the (?:specified|detected)")
_NO_IMAGE = re.compile(r"^(\S+?): failed to resolve source metadata|failed to (?:resolve|do request|authorize)")
_NO_NETWORK = re.compile(
    r"Temporary failure (?:in name resolution|resolving)|Could not resolve (?:host)?|EAI_AGAIN|ENOTFOUND"
    r"|Network is unreachable|Name or service not known|bad address|dial tcp|i/o timeout",
    re.IGNORECASE,
)
_DENIED = re.compile(r"permission denied.*docker\.sock|docker daemon socket", re.IGNORECASE)
_KILLED = 137
_NEARLY_FULL = 98


def build_error(
    place: str, said: Mapping[str, str], failure: Failure, caps: Caps, mask: Callable[[str], str]
) -> WebduhError:
    """The error of a build that ended without an image. `said` are the words of its script, by their first."""
    if said.get("failed") == "buildx":
        return TargetError(
            f"{place} cannot build: Docker's buildx is not there.",
            why="Images are built by BuildKit, and buildx is its client.",
            kept=KEPT,
            hint="Install docker-buildx (Debian, Ubuntu) or docker-buildx-plugin (Docker's own packages) on it.",
        )
    if said.get("failed") == "tag":
        return TargetError(
            f"The image that was built on {place} cannot be named.",
            why=mask(_last_line(failure.says)),
            kept=KEPT,
            hint="Somebody may be pruning images there: do it again.",
        )
    text = "\n".join([*failure.last, failure.says])
    if "gone" in said or _GONE.search(failure.says) or _DENIED.search(failure.says):
        return TargetError(
            f"Docker on {place} ended in the middle of the build." if "gone" in said else f"Docker on {place} refused.",
            why=mask(_last_line(failure.says)),
            kept=KEPT,
            hint=f"`webduh server check {place}` says how it is; then deploy again.",
        )
    if _FULL.search(failure.says) or (_FULL.search(text) and _most_used(said) >= _NEARLY_FULL):
        return _full(place, said, mask(_last_line(failure.says)))
    return _failed(place, failure, caps, mask)


def _failed(place: str, failure: Failure, caps: Caps, mask: Callable[[str], str]) -> BuildError:
    where = f" ({failure.place})" if failure.place else ""
    step = f"`{short_name(failure.step)}`" if failure.step else "the image"
    why = "\n".join(line for line in (*failure.last, *_reason(failure)) if line.strip())
    what = f"Building {step} on {place} failed{where}."
    if failure.code is not None and failure.step:
        what = f"The build step {step} on {place} exited with {failure.code}{where}."
    return BuildError(mask(what), why=mask(why), kept=KEPT, hint=_hint(failure, place, caps))


def _reason(failure: Failure) -> tuple[str, ...]:
    """BuildKit's own last word, where the step's exit code does not say it all."""
    return () if failure.last and failure.code is not None else (failure.says,)


def _hint(failure: Failure, place: str, caps: Caps) -> str:
    text = "\n".join([*failure.last, failure.says])
    if failure.code == _KILLED:
        limit = f"{caps.memory / 1_048_576:.0f} MiB" if caps.memory else "three quarters of its memory"
        return f"137 means killed, most likely for want of memory: builds on {place} may use {limit} together."
    if _FULL.search(text):
        return f"A disk was full in the build: `webduh server prune {place}` frees what no release needs."
    if _FOREIGN.search(text):
        return f"An image is for another processor than {place} has: name a base image that is made for it."
    if _NO_IMAGE.search(failure.says) or "FROM" in failure.step:
        return f"Check the image's name and tag, and that {place} reaches its registry."
    if _NO_NETWORK.search(text):
        return f"Builds on {place} do not reach the network: check its DNS and its firewall."
    return _OUTPUT


def _full(place: str, said: Mapping[str, str], why: str) -> TargetError:
    inodes = _used(said.get("inodes", "")) >= _NEARLY_FULL > _used(said.get("bytes", ""))
    what = "has no inodes left: too many files" if inodes else "has no disk space left"
    return TargetError(
        f"{place} {what}.",
        why=why,
        kept=KEPT,
        hint=f"`webduh server prune {place}` frees what no release needs.",
    )


def _most_used(said: Mapping[str, str]) -> int:
    return max(_used(said.get("bytes", "")), _used(said.get("inodes", "")))


def _used(line: str) -> int:
    """The percentage in a line of df; 0 when there is none."""
    found = re.search(r"(\d+)%", line)
    return int(found[1]) if found else 0


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "It said nothing more.")
