import pytest

from webduh_console.model.names import AppKey
from webduh_console.targets.server.layout import Layout, key_of

KEY = AppKey("blog", "shop", "staging")


def test_everything_is_below_the_root() -> None:
    layout = Layout("/srv/w")
    assert {
        "mark": layout.mark,
        "app": layout.app(KEY),
        "source": layout.source(KEY),
        "release": layout.release(KEY, 3),
        "release_route": layout.release_route(KEY, 3),
        "static_file": layout.static_file,
        "guard_file": layout.guard_file,
        "route_file": layout.route_file(KEY),
        "key_file": layout.key_file,
        "certificates": layout.certificates,
    } == {
        "mark": "/srv/w/target.json",
        "app": "/srv/w/apps/blog--shop--staging",
        "source": "/srv/w/apps/blog--shop--staging/source",
        "release": "/srv/w/apps/blog--shop--staging/releases/3",
        "release_route": "/srv/w/apps/blog--shop--staging/releases/3/route.yml",
        "static_file": "/srv/w/traefik/traefik.yml",
        "guard_file": "/srv/w/traefik/dynamic/_webduh.yml",
        "route_file": "/srv/w/traefik/dynamic/blog--shop--staging.yml",
        "key_file": "/srv/w/traefik/key",
        "certificates": "/srv/w/traefik/certs",
    }


def test_a_folder_of_an_app_names_its_key() -> None:
    assert key_of(KEY.slug) == KEY


@pytest.mark.parametrize("slug", ["", "shop", "a--b", "a--b--c--d", "a--B--c", "a--b--", "..--b--c", ".removed--a--b"])
def test_any_other_folder_is_no_app(slug: str) -> None:
    assert key_of(slug) is None
