"""A target that is removed is forgotten here, with what was measured of it."""

from datetime import UTC, datetime

from shop_at_home import Line

from webduh_console.commands.context import Context
from webduh_console.model.names import AppKey
from webduh_console.model.release import Actual, Artifact, Release, SourceRef, Spec
from webduh_console.state.apps import AppEntry
from webduh_console.state.figures import Taken, app_subject, server_subject
from webduh_console.state.targets import TargetEntry

AT = datetime(2026, 3, 4, 17, tzinfo=UTC)
SHOP, BLOG, THERE = (AppKey("default", name, "production") for name in ("shop", "blog", "elsewhere"))


def serving(key: AppKey) -> Actual:
    """What a target says of an app."""
    source = SourceRef(f"/srv/{key.app}", "ab" * 32)
    one = Release(
        1, key, "fra-1", Spec("python", ()), Artifact("00" * 32), source, AT, "ada@laptop", "command", "01JNH"
    )
    return Actual(key, one, (), "", "serving")


def measured(ctx: Context) -> dict[str, int]:
    """How many figures are kept, by whose they are."""
    subjects = [server_subject("fra-1"), server_subject("nyc-1"), *map(app_subject, (SHOP, BLOG, THERE))]
    metrics = ("cpu", "requests", "load", "disk")
    return {one: sum(len(ctx.state.figures.past(one, metric, 0, 200)) for metric in metrics) for one in subjects}


def test_a_target_that_is_removed_leaves_no_figures_behind(line: Line, ctx: Context) -> None:
    for name in ("fra-1", "nyc-1"):
        ctx.state.targets.add(TargetEntry(name, "server", f"ssh://deploy@{name}.example.com", "", AT))
        ctx.state.figures.keep([Taken(server_subject(name), metric, 100.0, 1.0) for metric in ("load", "disk")])
    ctx.state.apps.add(AppEntry("default", "shop", "/srv/shop", AT))
    ctx.state.memory.remember("fra-1", [serving(key) for key in (SHOP, BLOG, THERE)], AT)
    ctx.state.memory.remember("nyc-1", [serving(THERE)], AT)
    for key in (SHOP, BLOG, THERE):
        ctx.state.figures.keep([Taken(app_subject(key), metric, 100.0, 1.0) for metric in ("cpu", "requests")])
    line("target rm fra-1 --dry-run")
    assert set(measured(ctx).values()) == {2}
    line("target rm fra-1 --yes")
    assert measured(ctx) == {
        server_subject("fra-1"): 0,
        server_subject("nyc-1"): 2,
        app_subject(SHOP): 2,  # its folder is known
        app_subject(BLOG): 0,
        app_subject(THERE): 2,  # it runs on another target
    }
    assert ctx.state.memory.kept() == [("nyc-1", THERE)]
