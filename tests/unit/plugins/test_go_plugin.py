"""Apps in Go."""

from pathlib import Path

import pytest
from compiled_apps import built, detected, plan, started
from source_tree import Tree, written

from webduh_console.frameworks.detection import detect
from webduh_console.frameworks.discovery import plugins
from webduh_console.frameworks.source import FolderSource

SERVES = 'package main\n\nimport "net/http"\n\nfunc main() { http.ListenAndServe(":" + os.Getenv("PORT"), nil) }\n'
MAIN = "package main\n\nfunc main() {}\n"
VITE = '{"scripts": {"build": "vite build"}, "devDependencies": {"vite": "7"}}'


def module(*required: str, go: str = "1.26", more: str = "") -> str:
    lines = "".join(f"\t{one}\n" for one in required)
    return f"module example.com/acme/shop/v2\n\ngo {go}\n{more}\nrequire (\n{lines})\n"


@pytest.mark.parametrize(
    ("required", "variant"),
    [
        ("github.com/gin-gonic/gin v1.10.0", "gin"),
        ("github.com/labstack/echo/v4 v4.13.0", "echo"),
        ("github.com/gofiber/fiber/v2 v2.52.0", "fiber"),
        ("github.com/go-chi/chi/v5 v5.2.3", "chi"),
        ("github.com/gorilla/mux v1.8.1", "gorilla"),
        ("github.com/gin-gonic/gin v1.10.0 // indirect", "net/http"),
        ("github.com/acme/gin-gonic v1.0.0", "net/http"),
    ],
)
def test_the_framework_is_what_the_app_itself_requires(tree: Tree, required: str, variant: str) -> None:
    found = plan(tree, {"go.mod": module(required), "go.sum": "", "main.go": SERVES})

    assert (found.framework, found.language, found.variant) == ("go", "go", variant)


def test_one_static_program_runs_on_a_small_debian_with_what_it_reads(tree: Tree) -> None:
    files = {
        "go.mod": module("github.com/go-chi/chi/v5 v5.2.3"),
        "go.sum": "",
        "main.go": SERVES.replace("{ http", '{ template.ParseGlob("views/*.html"); os.ReadFile("prices.json"); http'),
        "views/index.html": "",
        "migrations/1.sql": "",
        "prices.json": "{}",
        "internal/store/store.go": "package store",
        "docs/a.md": "",
    }
    found = plan(tree, files)

    assert built(found) == ["go build -trimpath '-ldflags=-s -w' -o bin/shop ."]
    assert [dict(step.env) for step in found.build] == [{"CGO_ENABLED": "0"}]
    assert started(found) == "./bin/shop"
    assert found.runtime == ("bin/shop", "migrations", "views", "prices.json")
    assert (found.runs_on, found.apt, found.port) == ("other", ("ca-certificates", "tzdata"), None)
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("files", "version", "file"),
    [
        ({"go.mod": module(go="1.24.3")}, "1.24.3", "go.mod"),
        ({"go.mod": module(go="1.24", more="\ntoolchain go1.25.1\n")}, "1.25.1", "go.mod"),
        ({"go.mod": module(), ".go-version": "1.23.4\n"}, "1.23.4", ".go-version"),
        ({"go.mod": module(), ".tool-versions": "golang 1.25.0\n"}, "1.25.0", ".tool-versions"),
        ({"go.mod": module(), "mise.toml": '[tools]\ngo = "1.24"\n'}, "1.24", "mise.toml"),
    ],
)
def test_the_version_is_that_of_the_strongest_file(tree: Tree, files: dict[str, str], version: str, file: str) -> None:
    found = plan(tree, {"main.go": SERVES, **files})

    assert (found.versions, found.version_source) == ({"go": version}, {"go": file})


@pytest.mark.parametrize(
    ("commands", "chosen", "sure"),
    [
        ({"cmd/server/main.go": MAIN, "cmd/worker/main.go": MAIN}, "server", True),
        ({"cmd/shop/main.go": MAIN, "cmd/server/main.go": MAIN}, "shop", True),
        ({"cmd/import/main.go": MAIN, "cmd/listen/main.go": SERVES}, "listen", True),
        ({"cmd/import/main.go": MAIN, "cmd/zebra/main.go": MAIN}, "import", False),
        ({"main.go": SERVES, "cmd/import/main.go": MAIN}, "shop", True),
        ({"main.go": MAIN, "cmd/root.go": "package cmd"}, "shop", True),
        ({"cmd/main.go": MAIN}, "shop", True),
        ({"services/api/main.go": SERVES, "tools/gen/main.go": MAIN, "examples/x/main.go": SERVES}, "api", True),
    ],
)
def test_of_several_commands_the_one_that_serves_is_run(
    tree: Tree, commands: dict[str, str], chosen: str, sure: bool
) -> None:
    found = plan(tree, {"go.mod": module(), **commands})

    assert started(found) == f"./bin/{chosen}"
    assert any("several commands" in one for one in found.warnings) is not sure


def test_a_command_is_chosen_by_an_option_and_others_by_a_procfile(tree: Tree) -> None:
    files = {
        "go.mod": module(),
        "cmd/api/main.go": SERVES,
        "cmd/jobs/main.go": MAIN,
        "Procfile": "worker: bin/jobs -v\n",
    }
    found = plan(tree, files)

    assert [(one.name, one.command) for one in found.processes] == [
        ("web", ("./bin/api",)),
        ("worker", ("./bin/jobs", "-v")),
    ]
    assert built(found)[1].endswith("-o bin/jobs ./cmd/jobs")
    assert found.runtime == ("bin/api", "bin/jobs")
    assert started(plan(tree, files, {"command": "jobs"})) == "./bin/jobs"


def test_a_compiler_of_c_is_asked_for_where_it_is_needed(tree: Tree) -> None:
    sqlite = plan(tree, {"go.mod": module("github.com/mattn/go-sqlite3 v1.14.32"), "main.go": SERVES})
    vips = plan(tree, {"go.mod": module("github.com/davidbyttow/govips/v2 v2.16.0"), "main.go": SERVES})

    assert sqlite.build[0].env == {"CGO_ENABLED": "1"}
    assert (vips.build_apt, "libvips42t64" in vips.apt) == (("libvips-dev",), True)


def test_what_is_vendored_is_not_downloaded(tree: Tree) -> None:
    files = {"go.mod": module("github.com/go-chi/chi/v5 v5.2.3"), "vendor/modules.txt": "", "main.go": SERVES}

    assert plan(tree, files).install == ()


def test_a_front_end_that_is_embedded_is_built_first_and_is_in_the_program(tree: Tree) -> None:
    files = {
        "go.mod": module(),
        "main.go": SERVES,
        "web/embed.go": "package web\n\n//go:embed all:dist\nvar Files embed.FS\n",
        "web/package.json": VITE,
        "web/package-lock.json": "{}",
        "web/index.html": "",
    }
    found = plan(tree, files)

    assert (found.framework, found.runtime) == ("go", ("bin/shop",))
    assert built(found)[0] == "cd web && npm run build"
    assert built(found)[-1].startswith("go build")
    assert "npm" in found.install[0].needs
    assert found.install[0].outputs == ("web/node_modules",)


def test_a_front_end_that_is_named_is_beside_the_program(tree: Tree) -> None:
    main = SERVES.replace("{ http", '{ http.Dir("./frontend/dist"); http')
    found = plan(tree, {"go.mod": module(), "main.go": main, "frontend/package.json": VITE, "frontend/index.html": ""})

    assert found.runtime == ("bin/shop", "frontend/dist")
    assert len(built(found)) == 2


def test_a_front_end_that_nothing_names_is_an_app_of_its_own(tree: Tree) -> None:
    files = {"go.mod": module(), "main.go": SERVES, "frontend/package.json": VITE, "frontend/index.html": ""}
    found = plan(tree, files)

    assert (found.runtime, len(built(found))) == (("bin/shop",), 1)
    assert found.warnings == (
        "frontend is not built, since nothing in the Go code names it: it can be deployed as an app of its own.",
    )


def test_a_package_json_for_styles_makes_no_node_app(tree: Tree) -> None:
    package = (
        '{"scripts": {"build": "tailwindcss -i in.css -o static/out.css"}, "devDependencies": {"tailwindcss": "4"}}'
    )
    found = detected(tree, {"go.mod": module(), "main.go": SERVES, "package.json": package, "in.css": ""})

    assert found.match.framework == "go"
    assert built(found.plan)[0] == "npm run build"


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ('http.ListenAndServe(":9000", nil)', 9000),
        ('http.ListenAndServe("0.0.0.0:9000", nil)', 9000),
        ('addr := flag.String("addr", ":4000", "")', 4000),
        ('os.Getenv("PORT"); http.ListenAndServe(":9000", nil)', None),
        ('redis.Connect("localhost:6379")', None),
        ('// http.ListenAndServe(":9000", nil)', None),
    ],
)
def test_a_port_that_is_written_down_is_told(tree: Tree, text: str, port: int | None) -> None:
    main = f'package main\n\nimport "net/http"\n\nfunc main() {{\n{text}\n}}\n'

    assert plan(tree, {"go.mod": module(), "main.go": main}).port == port


def test_gin_reads_the_port_by_itself(tree: Tree) -> None:
    main = 'package main\n\nimport "github.com/gin-gonic/gin"\n\nfunc main() { gin.Default().Run() }\n'
    found = plan(tree, {"go.mod": module("github.com/gin-gonic/gin v1.10.0"), "go.sum": "", "main.go": main})

    assert (found.port, found.warnings) == (None, ())


def test_an_app_that_is_started_with_a_word_is_started_with_it(tree: Tree) -> None:
    files = {
        "go.mod": module("github.com/spf13/cobra v1.9.0"),
        "main.go": MAIN,
        "cmd/serve.go": 'package cmd\n\nvar serve = &cobra.Command{Use: "serve"}\n',
    }
    base = plan(
        tree,
        {
            "go.mod": module("github.com/pocketbase/pocketbase v0.30.0"),
            "main.go": MAIN,
            "cmd/serve.go": "package cmd\n",
        },
    )

    assert (started(base), base.health) == ("./bin/shop serve --http=0.0.0.0:${PORT}", "/api/health")
    assert [volume.path for volume in base.volumes] == ["pb_data"]
    assert started(plan(tree, files)) == "./bin/shop serve"


def test_a_member_of_a_workspace_is_built_from_its_root(tmp_path: Path) -> None:
    written(
        tmp_path / "root",
        {
            "go.work": "go 1.25\n\nuse (\n\t./api\n\t./lib\n)\n",
            "api/go.mod": "module example.com/api\n\ngo 1.24\n",
            "api/main.go": SERVES,
            "api/templates/a.html": "",
            "lib/go.mod": "module example.com/lib\n",
            "lib/lib.go": "package lib",
        },
    )
    found = detect(FolderSource(tmp_path / "root/api"), plugins()).plan
    whole = detect(FolderSource(tmp_path / "root"), plugins()).plan

    assert found.from_root
    assert not whole.from_root
    assert built(found) == built(whole) == ["go build -C api -trimpath '-ldflags=-s -w' -o bin/api ."]
    assert found.runtime == ("api/bin/api", "api/templates")
    assert started(found) == "cd api && ./bin/api"


def test_a_file_without_a_module_is_built_by_its_name(tree: Tree) -> None:
    assert built(plan(tree, {"main.go": SERVES}))[0].endswith("main.go")


def test_a_library_is_no_app(tree: Tree) -> None:
    found = detected(tree, {"go.mod": module(), "shop.go": "package shop", "index.html": "<h1>Docs</h1>"})

    assert found.match.framework == "static"


@pytest.mark.parametrize(
    ("conf", "port"),
    [
        ("appname = shop\nhttpport = 9090\n", 9090),
        ('HTTPPort = "9090"', 9090),
        ("httpport = ${PORT||9090}", None),
        ("appname = shop\n", 8080),
    ],
)
def test_beego_listens_where_its_configuration_says(tree: Tree, conf: str, port: int | None) -> None:
    main = 'package main\nimport beego "github.com/beego/beego/v2/server/web"\nfunc main() { beego.Run() }\n'
    files = {"go.mod": module("github.com/beego/beego/v2 v2.3.0"), "go.sum": "", "main.go": main, "conf/app.conf": conf}
    found = plan(tree, files)

    assert (found.variant, found.port) == ("beego", port)
