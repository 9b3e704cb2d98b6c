"""What a plan needs of the other apps on its server: domains and names of its own."""

import pytest

from webduh_console.model.build import Process
from webduh_console.model.events import EPOCH
from webduh_console.model.names import AppKey
from webduh_console.model.release import Artifact, Release, Route, SourceRef, Spec
from webduh_console.targets.server.locating import taken

WEB, WORKER, ADMIN = (Process(name, ("run",)) for name in ("web", "worker", "admin"))
SHOP = AppKey("team", "shop", "production")
SPEC = Spec("python", (WEB, WORKER), routes=(Route("shop.example.com"), Route("shop.example.com", "/api")))


def release(key: AppKey, *running: Process, routes: tuple[Route, ...] = ()) -> Release:
    return Release(
        number=1,
        key=key,
        target="prod",
        spec=Spec("python", running, routes=routes),
        artifact=Artifact("sha256:0123456789abcdef0123", "image"),
        source=SourceRef("/other"),
        created=EPOCH,
        by="me",
        trigger="command",
        deployment="D1",
    )


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (release(AppKey("team", "blog", "production"), WEB), []),
        (
            release(AppKey("home", "blog", "production"), WEB, routes=(Route("shop.example.com"),)),
            [("domain", "shop.example.com belongs to home/blog")],
        ),
        (
            release(AppKey("team", "blog", "staging"), WEB, routes=(Route("shop.example.com", "/api"),)),
            [("domain", "shop.example.com/api belongs to team/blog (staging)")],
        ),
        (release(AppKey("team", "blog", "production"), WEB, routes=(Route("shop.example.com", "/blog"),)), []),
        (release(AppKey("team", "shop", "staging"), WEB, WORKER), []),
        (
            release(AppKey("team", "shop-worker", "production"), WEB),
            [("name", "shop-worker is what team/shop-worker is called in the network of the project team")],
        ),
        (
            release(AppKey("team", "shop", "worker"), WEB),
            [("name", "shop-worker is what team/shop (worker) is called in the network of the project team")],
        ),
        (release(AppKey("team", "shop-worker", "production"), ADMIN), []),
        (release(AppKey("home", "shop-worker", "production"), WEB), []),
    ],
)
def test_a_domain_and_a_name_belong_to_one_app(other: Release, said: list[tuple[str, str]]) -> None:
    facts = list(taken("prod", SHOP, SPEC, {other.key: other}))
    assert [(fact.name, fact.value) for fact in facts] == said
    assert all(fact.fix and not fact.ok and fact.place == "prod" for fact in facts)
