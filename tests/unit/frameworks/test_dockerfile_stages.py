"""What the stages of a rendered Dockerfile get: programs, packages, what equips them, and what they leave out."""

import msgspec
from dockerfile_reader import BUILD, INSTALL, read

from webduh_console.frameworks.render import Rendered, render
from webduh_console.model.build import BuildPlan, BuildStep, Check, Process, Static

COMPOSER = BuildStep(
    "install", ("composer", "install"), inputs=("composer.json",), outputs=("vendor",), caches=("~/.composer/cache",)
)
LARAVEL = BuildPlan(
    "php",
    "php",
    install=(COMPOSER, INSTALL),
    build=(BUILD,),
    processes=(Process("web", ("apache2-foreground",)),),
    apt=("libpq5",),
    build_apt=("git",),
    versions={"php": "^8.2", "node": "20"},
)
GO = BuildPlan(
    "go",
    "go",
    build=(BuildStep("build", ("go", "build", "-o", "bin/app"), caches=("/go/pkg/mod",)),),
    processes=(Process("web", ("bin/app",)),),
    runs_on="other",
    apt=("ca-certificates",),
    runtime=("bin/app",),
    versions={"go": "1.25"},
)


def stage(rendered: Rendered, name: str) -> list[str]:
    """The instructions of one stage, as lines."""
    found, within = [], False
    for word, rest in read(rendered.dockerfile):
        within = rest.endswith(f" AS {name}") if word == "FROM" else within
        found += [f"{word} {rest}"] if within else []
    return found


def test_programs_that_an_image_lacks_are_brought_from_theirs_in_the_version_asked_for() -> None:
    tools = stage(render(LARAVEL), "tools")

    assert render(LARAVEL).bases == ("php:8.4-apache", "composer:2", "node:20-slim")
    assert tools[0] == "FROM system AS tools"
    assert tools[2:5] == [
        "COPY --from=composer /usr/bin/composer /usr/bin/composer",
        "COPY --from=node /usr/local/bin/node /usr/local/bin/node",
        "COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules",
    ]


def test_what_only_the_front_ends_build_needs_is_not_in_the_image() -> None:
    copies = [line for line in stage(render(LARAVEL), "app") if line.startswith("COPY")]

    assert copies == ["COPY --from=dependencies /app/vendor ./vendor", "COPY --from=build /app ./"]


def test_a_front_ends_dependencies_that_are_not_made_apart_are_removed_after_the_build() -> None:
    hooked = msgspec.structs.replace(INSTALL, inputs=())
    rendered = render(msgspec.structs.replace(LARAVEL, install=(COMPOSER, hooked)))

    assert stage(rendered, "build")[-1] == "RUN rm -rf node_modules"


def test_packages_of_debian_are_there_where_they_are_needed_and_what_was_fetched_is_not_kept() -> None:
    system, tools, app = (stage(render(LARAVEL), name) for name in ("system", "tools", "app"))

    assert system[1].endswith("--no-install-recommends libpq5")
    assert tools[1].endswith("--no-install-recommends git")
    assert "target=/var/cache/apt" in system[1]
    assert app[0] == "FROM system AS app"


def test_an_app_may_run_on_a_smaller_image_with_what_runs_and_nothing_else() -> None:
    rendered = render(GO)
    app = stage(rendered, "app")

    assert rendered.bases == ("golang:1.25", "debian:trixie-slim")
    assert app[0] == "FROM debian:trixie-slim AS app"
    assert app[1].endswith("--no-install-recommends ca-certificates")
    assert [line for line in app if line.startswith("COPY")] == ["COPY --from=build /app/bin/app ./bin/app"]


EXTENSIONS = BuildStep("add", ("install-php-extensions", "intl"), needs=("install-php-extensions",))


def test_what_equips_the_machine_is_there_for_the_build_and_for_what_runs_and_its_program_is_only_lent() -> None:
    rendered = render(msgspec.structs.replace(LARAVEL, system=(EXTENSIONS,)))
    program = "/usr/bin/install-php-extensions"

    assert rendered.bases[:2] == ("mlocati/php-extension-installer:2", "php:8.4-apache")
    assert stage(rendered, "system")[2] == (
        f"RUN --mount=type=bind,from=php-extensions,source={program},target={program} install-php-extensions intl"
    )
    assert [stage(rendered, name)[0] for name in ("tools", "app")] == ["FROM system AS tools", "FROM system AS app"]


def test_a_smaller_image_to_run_on_is_what_is_equipped() -> None:
    rendered = render(msgspec.structs.replace(GO, system=(BuildStep("add", ("touch", "/there")),)))

    assert stage(rendered, "system") == []
    assert stage(rendered, "app")[2] == "RUN touch /there"


def test_dependencies_that_the_build_changes_are_taken_from_there() -> None:
    dump = BuildStep("dump", ("composer", "dump-autoload"), outputs=("vendor",))
    rendered = render(msgspec.structs.replace(LARAVEL, build=(BUILD, dump)))
    copies = {name: [line for line in stage(rendered, name) if line.startswith("COPY")] for name in ("build", "app")}

    assert copies["build"] == ["COPY . .", "COPY --from=dependencies /app/vendor ./vendor"]
    assert copies["app"] == ["COPY --from=build /app ./"]
    assert "source=/app/vendor" not in "".join(stage(rendered, "build"))
    assert "source=/app/node_modules" in stage(rendered, "build")[-1]


def test_folders_that_the_app_writes_to_are_its_users() -> None:
    app = stage(render(msgspec.structs.replace(LARAVEL, writes=("storage", "bootstrap/cache"))), "app")

    assert "RUN mkdir -p storage bootstrap/cache && chown -R 10001:10001 storage bootstrap/cache" in app


def test_what_must_hold_is_asked_in_the_image_as_its_user_without_a_network() -> None:
    check = Check("there", ("test", "-x", "bin/app"), "bin/app isn't there")
    app = stage(render(msgspec.structs.replace(GO, checks=(check,))), "app")

    assert app[app.index("USER 10001:10001") + 1] == (
        "RUN --network=none test -x bin/app || { echo 'bin/app isn'\"'\"'t there' >&2; exit 1; }"
    )


def test_a_plan_may_name_an_image_itself() -> None:
    plan = msgspec.structs.replace(GO, base="example/builder:7", runs_on="example/runner:7")

    assert render(plan).bases == ("example/builder:7", "example/runner:7")


def test_a_plan_may_bring_texts_that_are_written_as_they_are() -> None:
    text = "one $HOME \\\nTEXT\n  {{ two }}\n"
    alone = BuildPlan("python", "python", processes=(Process("web", ("python3", "run.py")),), files={"a/run.py": text})
    built = msgspec.structs.replace(alone, build=(BuildStep("build", ("python3", "run.py")),))
    wanted = f"COPY . .\nCOPY <<'TEXTS' ./a/run.py\n{text}TEXTS\n"

    assert wanted in render(alone).dockerfile
    assert wanted in render(built).dockerfile.partition("AS build")[2].partition("AS app")[0]
    assert "TEXTS" not in render(built).dockerfile.partition("AS app")[2]


def test_a_build_that_leaves_nothing_to_serve_ends_there() -> None:
    plan = BuildPlan("node", "javascript", build=(BUILD,), static=Static("dist/web"))
    last = stage(render(plan), "build")[-1]

    assert last.startswith('RUN test -n "$(ls -A dist/web 2>/dev/null)" || ')
    assert not any(
        "ls -A" in line for line in stage(render(msgspec.structs.replace(plan, static=Static("."))), "build")
    )
