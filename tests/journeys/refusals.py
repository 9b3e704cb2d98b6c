"""What a command that is refused must say, and must not leave behind."""

from command_line import FAILED as FAILED
from command_line import HELD as HELD
from command_line import USAGE as USAGE
from world import World, last_json, left_over_in


def refused(world: World, code: int, *words: str, says: tuple[str, ...], env: dict[str, str] | None = None) -> str:
    """Run a command that must fail with this code and these words, never with a stack trace."""
    return world.refused(code, *words, says=says, env=env)


def error_of(world: World, *words: str) -> dict[str, str]:
    """The error a command ends with, as JSON."""
    done = world.run(*words, "-o", "json")
    value = last_json(done.stdout)
    error: dict[str, str] = value["error"]
    assert set(error) == {"name", "what", "why", "kept", "hint"}, error
    return error


def nothing_there(world: World, name: str) -> None:
    """No release, no instance, no half file of an app that was never deployed."""
    kept = world.local / "apps" / f"default--{name}--production"
    assert not list(kept.glob("releases/*"))
    assert left_over_in(kept) == []
    assert not (kept / "current").exists()
