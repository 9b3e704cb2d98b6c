"""What holds for every rendered Dockerfile, read by a strict reader; and what plans make of it."""

import json
import re
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from webduh_console.errors import ConfigError
from webduh_console.frameworks.render import DEFAULT_PORT, Rendered, RenderError, dockerignore, render
from webduh_console.frameworks.render.site import HASHED, nginx
from webduh_console.model.build import BuildPlan, BuildStep, Check, EnvVar, Process, Static, Volume
from webduh_console.model.release import Variable
from webduh_console.targets.local.supervisor.files import FOREVER, cache_control

RENDERED = sorted((Path(__file__).parent / "rendered").glob("*.Dockerfile"))
WEB = Process("web", ("node", "server.js"))
INSTALL = BuildStep("install", ("npm", "ci"), inputs=("package.json",), outputs=("node_modules",), caches=("~/.npm",))
BUILD = BuildStep("build", ("npm", "run", "build"))
NODE = BuildPlan("node", "javascript", processes=(WEB,), package_manager="npm", install=(INSTALL,), build=(BUILD,))
SECRET, PLAIN = Variable("the-secret-value", secret=True), Variable("the-plain-value")
WORDS = {"FROM", "WORKDIR", "COPY", "RUN", "ENV", "ARG", "USER", "EXPOSE", "STOPSIGNAL", "ENTRYPOINT", "CMD"}


class Instruction(NamedTuple):
    word: str
    rest: str


def read(text: str) -> list[Instruction]:
    """The instructions of a Dockerfile; anything that is not exactly one is an error."""
    found: list[Instruction] = []
    lines = iter(text.splitlines())
    for line in lines:
        if not line or line.startswith("# "):
            continue
        while line.endswith("\\"):
            line = line[:-1].rstrip() + " " + next(lines).strip()
        word, _, rest = line.partition(" ")
        assert word in WORDS, line
        assert rest, line
        found.append(Instruction(word, rest))
        if heredoc := re.match(r"<<'(\w+)' ", rest):
            while next(lines) != heredoc[1]:
                pass
    return found


def instructions(rendered: Rendered, word: str) -> list[str]:
    return [found.rest for found in read(rendered.dockerfile) if found.word == word]


@pytest.mark.parametrize("path", RENDERED, ids=lambda path: path.stem)
def test_every_stage_has_a_name_and_takes_only_from_those_before_it(path: Path) -> None:
    stages: list[str] = []
    for word, rest in read(path.read_text()):
        if word == "FROM":
            image, says, name = rest.split()
            assert (says, name in stages) == ("AS", False)
            assert image in stages or ":" in image
            stages.append(name)
        assert set(re.findall(r"(?:--from=|,from=)([a-z-]+)", rest)) <= set(stages[:-1])
    assert stages[-1] == "app"


@pytest.mark.parametrize("path", RENDERED, ids=lambda path: path.stem)
def test_the_last_stage_runs_one_program_without_a_shell_as_a_user_of_its_own(path: Path) -> None:
    found = read(path.read_text())
    last = found[max(index for index, one in enumerate(found) if one.word == "FROM") :]
    user, port, *stop, entry, command = last[[one.word for one in last].index("USER") :]

    assert (user, port.word, entry) == (("USER", "10001:10001"), "EXPOSE", ("ENTRYPOINT", "[]"))
    assert [one.word for one in stop] in ([], ["STOPSIGNAL"])
    assert command.word == "CMD"
    assert all(isinstance(word, str) and "${PORT}" not in word for word in json.loads(command.rest))


@pytest.mark.parametrize("path", RENDERED, ids=lambda path: path.stem)
def test_no_part_needs_a_frontend_that_must_be_pulled(path: Path) -> None:
    text = path.read_text()

    assert "syntax=" not in text
    assert not re.search(r"^COPY [^\n]*--(parents|exclude)|,env=", text, re.MULTILINE)


def test_a_secret_is_offered_to_steps_as_a_file_and_stands_in_no_env_and_no_arg() -> None:
    rendered = render(NODE, {"TOKEN": SECRET, "COLOUR": PLAIN})

    assert (rendered.arguments, rendered.secrets) == (("COLOUR",), ("TOKEN",))
    assert instructions(rendered, "ARG") == ["COLOUR", "WEBDUH_SECRETS"]
    assert not [rest for rest in instructions(rendered, "ENV") if "TOKEN" in rest]
    assert rendered.dockerfile.count("--mount=type=secret,id=TOKEN,required=true") == 2
    assert "value" not in rendered.dockerfile


def test_a_build_step_gets_whatever_the_app_may_read_and_the_dockerfile_says_the_plugins_own() -> None:
    read = tuple(EnvVar(name, "", when) for name, when in (("A", "run"), ("B", "build"), ("C", "both")))  # type: ignore[arg-type]
    plan = msgspec.structs.replace(NODE, env=read, variables={"NODE_ENV": "production"})
    given = {
        "A": PLAIN,
        "B": SECRET,
        "C": SECRET,
        "D": PLAIN,
        "not one": PLAIN,
        "NODE_ENV": Variable("x", origin="plugin"),
    }

    assert (render(plan, given).arguments, render(plan, given).secrets) == (("A", "D"), ("B", "C"))


def test_an_own_dockerfile_gets_the_arguments_it_names_and_every_secret() -> None:
    plan = BuildPlan(
        "dockerfile", "go", dockerfile="Dockerfile", env=(EnvVar("A", "", "build"), EnvVar("B", "", "run"))
    )
    rendered = render(plan, {"A": PLAIN, "B": PLAIN, "C": PLAIN, "D": SECRET})

    assert (rendered.arguments, rendered.secrets) == (("A",), ("D",))


def test_what_the_app_reads_is_kept_from_the_scripts_of_the_packages_it_installs() -> None:
    plan = BuildPlan(
        "node", "javascript", install=(INSTALL,), build=(BUILD,), processes=(WEB,), env=(EnvVar("API_KEY", "", "both"),)
    )
    text = render(plan, {"API_KEY": SECRET, "NPM_TOKEN": SECRET, "NPM_CONFIG_X": PLAIN, "COLOUR": PLAIN}).dockerfile
    dependencies = text.partition(" AS dependencies")[2].partition("FROM ")[0]

    assert "API_KEY" not in dependencies
    assert "COLOUR" not in dependencies
    assert "id=NPM_TOKEN" in dependencies
    assert "ARG NPM_CONFIG_X\n" in dependencies


def test_an_image_without_steps_is_offered_nothing() -> None:
    rendered = render(BuildPlan("node", "javascript", processes=(WEB,)), {"TOKEN": SECRET, "COLOUR": PLAIN})

    assert (rendered.arguments, rendered.secrets, instructions(rendered, "ARG")) == ((), (), [])


def test_a_variable_of_the_plugin_is_in_the_image_until_somebody_overrules_it() -> None:
    plan = BuildPlan("python", "python", processes=(WEB,), variables={"PYTHONPATH": "src", "MODE": "a"})

    assert "PYTHONPATH=src MODE=a" in instructions(render(plan), "ENV")[0]
    env = instructions(render(plan, {"MODE": Variable("b"), "PYTHONPATH": Variable("src", origin="plugin")}), "ENV")[0]
    assert "PYTHONPATH=src" in env
    assert "MODE" not in env


def test_an_app_with_a_dockerfile_of_its_own_is_built_by_that() -> None:
    rendered = render(BuildPlan("dockerfile", "go", dockerfile="deploy/Dockerfile", port=3000), {"TOKEN": SECRET})

    assert (rendered.own, rendered.dockerfile, rendered.port, rendered.secrets) == (
        "deploy/Dockerfile",
        "",
        3000,
        ("TOKEN",),
    )


def test_volumes_belong_to_the_user_of_the_app() -> None:
    plan = BuildPlan(
        "python",
        "python",
        processes=(WEB,),
        volumes=(Volume("a", "data"), Volume("b", "/var/it's"), Volume("c", "x y")),
    )

    text = render(plan).dockerfile
    assert "COPY . .\nRUN mkdir -p data '/var/it'\"'\"'s' 'x y' && chown -R 10001:10001 data " in text


def test_caches_inside_an_app_are_its_own_and_those_of_package_managers_are_shared() -> None:
    build = BuildStep("build", ("npm", "run", "build"), caches=("~/.npm", ".next/cache"))
    plan = BuildPlan("node", "javascript", processes=(WEB,), build=(build,))

    assert render(plan, app="default--a--production").caches == (
        "webduh-npm",
        "webduh-default--a--production-next-cache",
    )


@pytest.mark.parametrize(
    ("commands", "prunes"),
    [
        ([("node", "server.js")], True),
        ([("env", "A=1", "node", "server.js")], True),
        ([("node_modules/.bin/next", "start")], True),
        ([("npm", "run", "start")], False),
        ([("sh", "-c", "node server.js")], False),
        ([("node", "--import", "tsx", "server.ts")], False),
        ([("node", "server.js"), ("npx", "prisma", "migrate", "deploy")], False),
    ],
)
def test_packages_for_building_are_left_out_only_when_no_process_can_need_them(
    commands: list[tuple[str, ...]], prunes: bool
) -> None:
    processes = tuple(Process(f"p{index}", command) for index, command in enumerate(commands))
    plan = BuildPlan("node", "javascript", processes=processes, package_manager="npm", install=(INSTALL,))

    assert ("npm prune" in render(plan).dockerfile) == prunes


def test_a_worker_alone_is_what_the_image_starts() -> None:
    plan = BuildPlan("python", "python", processes=(Process("worker", ("python3", "w.py")),))

    assert instructions(render(plan), "CMD") == ['["python3", "w.py"]']


@pytest.mark.parametrize(
    ("plan", "what"),
    [
        (BuildPlan("custom", ""), "shop has nothing to start."),
        (BuildPlan("custom", "", processes=(Process("web", ()),)), "shop has nothing to start."),
        (
            BuildPlan("static", "html", static=Static("."), processes=(Process("worker", ("x",)),)),
            "shop serves files and has the process worker too: that is no single image.",
        ),
    ],
)
def test_a_plan_that_is_no_image_is_named(plan: BuildPlan, what: str) -> None:
    with pytest.raises(RenderError) as found:
        render(plan, app="shop")

    assert (found.value.what, bool(found.value.why), found.value.kept) == (what, True, "Nothing was changed.")


def test_a_page_whose_name_a_web_server_cannot_be_told_is_refused() -> None:
    with pytest.raises(ConfigError):
        nginx(Static(".", not_found='a"b;.html'), DEFAULT_PORT)


@pytest.mark.parametrize(
    "name",
    [
        *("index-BxYz12Ab.css", "index.BxYz12Ab.js", "app.1a2b3c4d5e.js", "app-1a2b3c4d.JS", "1a2b3c4d.js", "index.js"),
        *("photo-2024-summer.jpg", "bootstrap-5.3.3.min.js", "jquery-3.7.1.js", "a-b-BxYz12Ab.js", "a.BxYz12Ab.min.js"),
        *("chunk-ABCDEFGH.js", "chunk-abcdefgh.js", "main-ES2015x8a.js", "x.deadbeef.js", "x.12345678.js", "page.html"),
        *(
            "a-BxYz12Ab.html",
            "a-BxYz12Ab.js.map",
            "a-BxYz12Ab.map",
            "a-Bx_z1-Ab9.woff2",
            "-BxYz12Ab.js",
            ".BxYz12Ab.js",
        ),
        *("a-BxYz-12AbCd.js", "ü-BxYz12Ab.js", "a-BxYz12Ab", "a-0123456789abcdef0123456789abcdef.svg", "a-Bx1y.js"),
    ],
)
@pytest.mark.parametrize("folder", ["/", "/assets/", "/a-BxYz12Ab.js/"])
def test_the_names_that_are_kept_for_ever_are_those_of_the_local_target(folder: str, name: str) -> None:
    assert (re.search(HASHED, folder + name, re.ASCII) is not None) == (cache_control(name) == FOREVER)


def test_the_ignore_file_of_a_developers_folder_has_the_default_names_or_the_apps_own() -> None:
    made = dockerignore().splitlines()
    assert {"**/.git", "**/node_modules", "**/.venv", "**/__pycache__", "**/.env", "**/*.log", "webduh.yaml"} <= set(
        made
    )

    assert dockerignore("dist\nwebduh.yaml\n") == "dist\nwebduh.yaml\nwebduh.yml\n.webduhignore\n.dockerignore\n"


def test_what_says_how_to_deploy_and_what_is_made_anew_is_left_out_of_what_was_sent() -> None:
    lines = [line for line in render(NODE).dockerignore.splitlines() if not line.startswith("#")]

    assert lines == ["webduh.yaml", "webduh.yml", ".webduhignore", ".dockerignore", "node_modules"]


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
