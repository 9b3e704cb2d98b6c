"""Elixir and Gleam apps: releases, their assets, and the versions they are made with."""

import json

import pytest
from plugin_answers import matched, planned
from source_tree import Tree
from webduh_plugins.elixir import Plugin
from webduh_plugins.gleam import Plugin as Gleam

from webduh_console.frameworks import BuildPlan, EnvVar, Process
from webduh_console.frameworks.detection import detect
from webduh_console.frameworks.discovery import plugins
from webduh_console.frameworks.render import BASES, render
from webduh_console.frameworks.render.bases import chosen

ALIASES = """
  defp aliases do
    [
      "assets.setup": ["tailwind.install --if-missing", "esbuild.install --if-missing"],
      "assets.deploy": ["tailwind shop --minify", "esbuild shop --minify", "phx.digest"]
    ]
  end
"""


def mix(*dependencies: str, more: str = "", settings: str = 'elixir: "~> 1.15"') -> str:
    """A mix.exs of the app `shop`."""
    listed = ", ".join(f'{{:{name}, "~> 1.0"}}' for name in dependencies)
    return (
        "defmodule Shop.MixProject do\n  use Mix.Project\n\n  def project do\n"
        f'    [app: :shop, version: "0.1.0", {settings}, deps: deps()]\n  end\n\n'
        f'  # {{:phoenix, "~> 0.1"}} was here\n  defp deps, do: [{listed}]\n{more}end\n'
    )


def plan(tree: Tree, files: dict[str, str]) -> BuildPlan:
    return planned(Plugin(), tree(files))


def named(found: BuildPlan) -> list[str]:
    return [" ".join(step.run) for step in (*found.install, *found.build)]


def test_a_release_is_made_and_runs_on_a_debian_without_elixir(tree: Tree) -> None:
    found = plan(tree, {"mix.exs": mix()})
    rendered = render(found)

    assert named(found) == ["mix compile", "mix release --overwrite"]
    assert found.processes == (Process("web", ("_build/prod/rel/shop/bin/shop", "start")),)
    assert rendered.bases == ("elixir:1.18-slim", "debian:trixie-slim")
    assert "COPY --from=build /app/_build/prod/rel/shop ./_build/prod/rel/shop" in rendered.dockerfile


def test_phoenix_compiles_what_it_depends_on_apart_and_makes_its_assets(tree: Tree) -> None:
    files = {
        "mix.exs": mix("phoenix", "ecto_sql", more=ALIASES),
        "mix.lock": "%{}",
        "config/config.exs": 'import Config\nimport_config "#{config_env()}.exs"\n',
        "config/prod.exs": "import Config\n",
        "config/runtime.exs": 'System.get_env("DATABASE_URL") || raise "x"\n',
    }
    found = plan(tree, files)

    assert named(found) == [
        "mix deps.get --only prod",
        "mix deps.compile",
        "mix assets.setup",
        "mix compile",
        "mix assets.deploy",
        "mix release --overwrite",
    ]
    assert {step.inputs for step in found.install} == {("mix.exs", "mix.lock", "config/config.exs", "config/prod.exs")}
    assert found.variables["PHX_SERVER"] == "true"
    assert found.env == (EnvVar("DATABASE_URL", "read in config/runtime.exs", "run", True, True),)
    assert "COPY --from=dependencies /app/_build ./_build" in render(found).dockerfile
    assert "mix local.hex --force" in render(found).dockerfile


def test_a_dependency_in_a_comment_is_none(tree: Tree) -> None:
    assert matched(Plugin(), tree({"mix.exs": mix("plug_cowboy")})).variant == ""


def test_what_webpack_made_is_made_by_node(tree: Tree) -> None:
    files = {
        "mix.exs": mix("phoenix"),
        "mix.lock": "%{}",
        "assets/package.json": json.dumps({"scripts": {"deploy": "webpack --mode production"}}),
        "assets/package-lock.json": "{}",
    }
    found = plan(tree, files)

    assert named(found)[2:] == [
        "npm ci --prefix assets",
        "mix compile",
        "npm run deploy --prefix assets",
        "mix phx.digest",
        "mix release --overwrite",
    ]
    assert "node:22-slim" in render(found).bases


def test_an_apps_own_path_is_installed_with_the_source(tree: Tree) -> None:
    files = {"mix.exs": mix("phoenix", settings='elixir: "~> 1.15", more: [path: "../x"]'), "mix.lock": ""}

    assert {(step.inputs, step.outputs) for step in plan(tree, files).install} == {((), ())}


@pytest.mark.parametrize(
    ("settings", "more", "release"),
    [
        ("releases: [store: [applications: [shop: :permanent]]]", "", "store"),
        (
            "releases: releases()",
            "  defp releases do\n    [\n      store: [steps: [:assemble]]\n    ]\n  end\n",
            "store",
        ),
        ("default_release: :second, releases: [first: [], second: []]", "", "second"),
        ("start_permanent: true", "", "shop"),
    ],
)
def test_the_release_is_the_one_that_mix_makes(tree: Tree, settings: str, more: str, release: str) -> None:
    found = plan(tree, {"mix.exs": mix(settings=settings, more=more)})

    assert found.start == (f"_build/prod/rel/{release}/bin/{release}", "start")


def test_an_umbrella_depends_on_what_its_apps_do(tree: Tree) -> None:
    umbrella = mix(settings='apps_path: "apps", releases: [all: [applications: [web: :permanent]]]')
    files = {"mix.exs": umbrella, "mix.lock": "", "apps/web/mix.exs": mix("phoenix")}
    found = plan(tree, files)

    assert (found.variant, found.start) == ("phoenix", ("_build/prod/rel/all/bin/all", "start"))
    assert found.install[0].inputs == ("mix.exs", "mix.lock", "apps/web/mix.exs")


@pytest.mark.parametrize(
    ("files", "text", "file", "image"),
    [
        ({}, "~> 1.15", "mix.exs", "1.18"),
        ({".tool-versions": "elixir 1.17.3-otp-27\nerlang 27.1\n"}, "1.17.3-otp-27", ".tool-versions", "1.17.3-otp-27"),
        ({".tool-versions": "elixir 1.17.3\n"}, "1.17.3", ".tool-versions", "1.17.3"),
        ({"mise.toml": '[tools]\nelixir = "1.16"\n'}, "1.16", "mise.toml", "1.16"),
        (
            {"elixir_buildpack.config": "elixir_version=1.15.7\nerlang_version=26.1\n"},
            "1.15.7",
            "elixir_buildpack.config",
            "1.15.7",
        ),
        ({".elixir-version": "1.16.1\n", ".tool-versions": "elixir 1.17.3\n"}, "1.16.1", ".elixir-version", "1.16.1"),
    ],
)
def test_elixir_is_the_version_that_was_asked_for(
    tree: Tree, files: dict[str, str], text: str, file: str, image: str
) -> None:
    found = plan(tree, {"mix.exs": mix(), **files})

    assert (found.versions["elixir"], found.version_source["elixir"]) == (text, file)
    assert chosen(BASES["elixir"], text) == (image, True)


def test_variables_are_those_of_the_configuration(tree: Tree) -> None:
    text = (
        'System.fetch_env!("TOKEN")\nSystem.get_env("PHX_HOST") || "example.com"\nSystem.get_env("POOL", "10")\n'
        'System.get_env("PORT") || "4000"\n# System.fetch_env!("NOT_THIS")\nSystem.get_env("PHX_SERVER")\n'
        'System.get_env("KEY") ||\n  raise """\n  x\n  """\n'
    )
    found = plan(tree, {"mix.exs": mix(), "config/runtime.exs": text})

    assert [(env.name, env.required, env.default) for env in found.env] == [
        ("KEY", True, None),
        ("PHX_HOST", False, "example.com"),
        ("POOL", False, "10"),
        ("TOKEN", True, None),
    ]


def test_what_will_be_missing_is_told(tree: Tree) -> None:
    files = {"mix.exs": mix("phoenix", "ecto_sql"), "priv/repo/migrations/1.exs": ""}
    told = " ".join(plan(tree, files).warnings)

    assert "There is no mix.lock" in told
    assert "There is no config/runtime.exs" in told
    assert "`release: _build/prod/rel/shop/bin/migrate`" in told


def test_phoenix_with_pages_of_its_own_is_phoenix(tree: Tree) -> None:
    files = {"mix.exs": mix("phoenix"), "package.json": '{"scripts": {"start": "x"}}', "index.html": ""}

    assert detect(tree(files), plugins()).match.framework == "elixir"


def test_gleam_is_shipped_as_erlang(tree: Tree) -> None:
    files = {
        "gleam.toml": 'name = "a"\n[dependencies]\nmist = ">= 1.0.0"\n',
        "manifest.toml": "",
        "src/a.gleam": "mist.new |> mist.port(8000) |> mist.start",
    }
    found = planned(Gleam(), tree(files))

    assert (found.start, found.port) == (("build/erlang-shipment/entrypoint.sh", "run"), 8000)
    assert "COPY --from=build /app/build/erlang-shipment ./build/erlang-shipment" in render(found).dockerfile


@pytest.mark.parametrize(
    ("more", "static"),
    [
        ('[dev-dependencies]\nlustre_dev_tools = ">= 2.0.0 and < 3.0.0"\n', "dist"),
        ('[dev_dependencies]\nlustre_dev_tools = ">= 2.3.0"\n[tools.lustre.build]\noutdir = "./site"\n', "site"),
        ('[dev-dependencies]\nlustre_dev_tools = ">= 2.0.0"\n[tools.lustre.build]\noutdir = "../server/priv"\n', None),
        ('wisp = ">= 2.0.0"\n[dev-dependencies]\nlustre_dev_tools = ">= 2.0.0"\n', None),
        ('[dev-dependencies]\nlustre_dev_tools = ">= 1.0.0 and < 2.0.0"\n', None),
    ],
)
def test_lustre_without_a_server_is_pages(tree: Tree, more: str, static: str | None) -> None:
    head = 'name = "a"\ntarget = "javascript"\n[dependencies]\nlustre = ">= 5.0.0"\n'
    found = planned(Gleam(), tree({"gleam.toml": head + more, "manifest.toml": "", "src/a.gleam": ""}))

    assert (found.static and found.static.dir, found.start) == (static, None if static else ("gleam", "run"))


def test_an_umbrella_that_names_no_release_has_no_start(tree: Tree) -> None:
    umbrella = (
        'defmodule U.MixProject do\n  use Mix.Project\n  def project, do: [apps_path: "apps", version: "1"]\nend\n'
    )
    found = plan(tree, {"mix.exs": umbrella, "apps/web/mix.exs": mix("phoenix")})
    assert (found.processes, found.runtime) == ((), ())
    assert found.warnings[-1] == (
        "mix.exs names no app: what `mix release` makes is not known. Write `start:` in webduh.yaml."
    )
