"""What holds for every rendered Dockerfile, read by a strict reader; and what plans make of it."""

import json
import re
from pathlib import Path

import msgspec
import pytest
from dockerfile_reader import BUILD, INSTALL, NODE, PLAIN, SECRET, WEB, instructions, read

from webduh_console.errors import ConfigError
from webduh_console.frameworks.render import DEFAULT_PORT, RenderError, dockerignore, render
from webduh_console.frameworks.render.site import HASHED, nginx
from webduh_console.model.build import BuildPlan, BuildStep, EnvVar, Process, Static, Volume
from webduh_console.model.release import Variable
from webduh_console.targets.local.supervisor.files import FOREVER, cache_control

RENDERED = sorted((Path(__file__).parent / "rendered").glob("*.Dockerfile"))


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
