"""Files that are served as they are."""

import pytest
from source_tree import Tree
from webduh_plugins.static import Plugin

from webduh_console.frameworks import BuildPlan, Evidence, Match, Static
from webduh_console.frameworks.detection import detect
from webduh_console.frameworks.discovery import plugins

SPA = '<!doctype html><div id="app"></div><script type="module" src="/main.js"></script>'


@pytest.mark.parametrize(
    ("files", "match", "static"),
    [
        (
            {"index.html": "<p>"},
            Match("static", "static", 0.9, (Evidence("index.html", "is the first page"),)),
            Static("."),
        ),
        (
            {"public/index.html": ""},
            Match("static", "static", 0.8, (Evidence("public/index.html", "is the first page"),)),
            Static("public"),
        ),
        (
            {"dist/index.html": "", "site/index.html": ""},
            Match("static", "static", 0.8, (Evidence("dist/index.html", "is the first page"),)),
            Static("dist"),
        ),
        (
            {"index.html": "", "public/index.html": ""},
            Match("static", "static", 0.9, (Evidence("index.html", "is the first page"),)),
            Static("."),
        ),
        ({"Staticfile": "root: web\n", "web/index.html": "", "dist/index.html": ""}, None, Static("web")),
        ({"Staticfile": "", "public/index.html": "", "dist/index.html": ""}, None, Static("public")),
        ({"netlify.toml": '[build]\n  publish = "html/"\n', "html/index.html": ""}, None, Static("html")),
        ({"netlify.toml": '[build]\npublish = "gone"\n', "dist/index.html": ""}, None, Static("dist")),
        ({"index.html": "", "404/index.html": ""}, None, Static(".", not_found="404/index.html")),
        ({"index.html": SPA}, None, Static(".", spa=True)),
        ({"index.html": SPA, "about.html": ""}, None, Static(".")),
        ({"dist/index.html": SPA, "notes.html": ""}, None, Static("dist", spa=True)),
        ({"index.html": '<script type="module">x</script>'}, None, Static(".")),
        ({"index.html": "<div id=root></div><script TYPE='module'></script>"}, None, Static(".", spa=True)),
    ],
)
def test_a_site_is_found_where_sites_are_kept(
    tree: Tree, files: dict[str, str], match: Match | None, static: Static
) -> None:
    source = tree(files)
    found = Plugin().detect(source)
    assert found is not None
    assert match is None or found == match
    variant = "spa" if static.spa else ""
    assert Plugin().plan(source, found, {}) == BuildPlan("static", "html", variant=variant, static=static)


def test_pages_without_a_first_one_are_served_with_a_warning(tree: Tree) -> None:
    source = tree({"about.html": "", "b.html": ""})
    found = Plugin().detect(source)
    assert found == Match("static", "static", 0.5, (Evidence("about.html", "is a page"),))
    warnings = ("There is no index.html: / will not be found.",)
    assert Plugin().plan(source, found, {}) == BuildPlan("static", "html", static=Static("."), warnings=warnings)


@pytest.mark.parametrize("files", [{}, {"a.txt": ""}, {"templates/index.html": ""}, {"node_modules/index.html": ""}])
def test_other_folders_are_no_sites(tree: Tree, files: dict[str, str]) -> None:
    assert Plugin().detect(tree(files)) is None


def test_the_option_names_another_folder(tree: Tree) -> None:
    source = tree({"index.html": "", "web/index.html": ""})
    match = Plugin().detect(source)
    assert match is not None
    assert Plugin().plan(source, match, {"dir": "web"}).static == Static("web")


@pytest.mark.parametrize(
    ("file", "text", "folder"),
    [
        ("hugo.toml", "publishDir = 'site'\n", "site"),
        ("hugo.json", '{"baseURL": "/", "publishDir": "site"}', "site"),
        ("config.yaml", "baseURL: /\npublishDir: ./site\n", "site"),
        ("config/_default/hugo.yaml", "publishDir: site\n", "site"),
        ("config/_default/config.toml", 'publishdir = "site"\n', "site"),
        ("config/_default/hugo.toml", "title = 'Shop'\n", "public"),
    ],
)
def test_hugo_writes_where_its_configuration_says(tree: Tree, file: str, text: str, folder: str) -> None:
    found = detect(tree({file: text, "content/a.md": ""}), plugins()).plan
    assert (found.framework, found.static) == ("hugo", Static(folder))


@pytest.mark.parametrize(("more", "installed"), [({}, []), ({"package.json": "{}"}, ["npm install"])])
def test_what_hugo_calls_of_node_is_installed_first(tree: Tree, more: dict[str, str], installed: list[str]) -> None:
    found = detect(tree({"hugo.toml": "", "content/a.md": "", **more}), plugins()).plan
    assert (found.framework, [" ".join(step.run) for step in found.install]) == ("hugo", installed)
