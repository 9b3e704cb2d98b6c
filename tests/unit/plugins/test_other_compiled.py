"""Apps in .NET's languages, Swift, Crystal, Dart, Haskell, Zig, Scala, Clojure, C and C++."""

import pytest
from compiled_apps import built, detected, plan, started
from source_tree import Tree

from webduh_console.frameworks import SourceError

PROJECT = '<Project Sdk="{}"><PropertyGroup><TargetFramework>{}</TargetFramework></PropertyGroup></Project>'
WEB = PROJECT.format("Microsoft.NET.Sdk.Web", "net9.0")
LIBRARY = PROJECT.format("Microsoft.NET.Sdk", "net8.0")
PROGRAM = LIBRARY.replace("<TargetF", "<OutputType>Exe</OutputType><TargetF")
WASM = LIBRARY.replace("Microsoft.NET.Sdk", "Microsoft.NET.Sdk.BlazorWebAssembly")


def test_aspnet_is_published_and_told_where_to_listen(tree: Tree) -> None:
    found = detected(tree, {"Shop.csproj": WEB, "Program.cs": "app.Run();", "appsettings.json": "{}"})

    assert (found.match.tier, found.plan.language, found.plan.variant) == ("framework", "csharp", "aspnet")
    assert built(found.plan) == ["dotnet publish Shop.csproj -c Release -o out -p:UseAppHost=false --no-restore"]
    assert started(found.plan).endswith("env ASPNETCORE_URLS=http://0.0.0.0:${PORT} dotnet Shop.dll")
    assert (found.plan.versions, found.plan.version_source) == ({"dotnet": "9.0"}, {"dotnet": "Shop.csproj"})
    assert (found.plan.base, found.plan.runs_on, found.plan.runtime) == ("dotnet-sdk", "dotnet", ("out",))


@pytest.mark.parametrize(
    ("file", "language"), [("Shop.csproj", "csharp"), ("Shop.fsproj", "fsharp"), ("Shop.vbproj", "visualbasic")]
)
def test_the_project_says_which_language_of_dotnet_it_is(tree: Tree, file: str, language: str) -> None:
    assert plan(tree, {file: WEB}).language == language


def test_of_the_projects_of_a_solution_the_one_that_serves_is_run(tree: Tree) -> None:
    files = {
        "Shop.sln": 'Project("{F}") = "Shop.Core", "src\\Shop.Core\\Shop.Core.csproj", "{1}"\n',
        "src/Shop.Core/Shop.Core.csproj": LIBRARY,
        "src/Shop.Web/Shop.Web.csproj": WEB,
        "src/Shop.Import/Shop.Import.csproj": PROGRAM,
        "tests/Shop.Tests/Shop.Tests.csproj": WEB,
        "global.json": '{"sdk": {"version": "8.0.404"}}',
    }
    found = plan(tree, files)

    assert "src/Shop.Web/Shop.Web.csproj" in built(found)[0]
    assert (found.versions, found.version_source) == ({"dotnet": "8.0.404"}, {"dotnet": "global.json"})
    assert found.warnings == ()


def test_blazor_in_the_browser_is_files(tree: Tree) -> None:
    found = plan(tree, {"App.csproj": WASM, "wwwroot/index.html": ""})

    assert found.static is not None
    assert (found.variant, found.static.dir, found.static.spa, found.processes) == ("blazor", "out/wwwroot", True, ())


def test_fsharp_is_a_language_of_its_own(tree: Tree) -> None:
    assert plan(tree, {"Shop.fsproj": WEB}).language == "fsharp"


VAPOR = """\
// swift-tools-version:6.0
let package = Package(name: "shop", dependencies: [
    .package(url: "https://github.com/vapor/vapor.git", from: "4.115.0"),
], targets: [.executableTarget(name: "App")])
"""


def test_vapor_is_told_where_to_listen(tree: Tree) -> None:
    found = plan(tree, {"Package.swift": VAPOR, "Sources/App/entrypoint.swift": "", "Public/a.css": ""})

    assert (found.framework, found.variant, found.versions) == ("swift", "vapor", {"swift": "6.0"})
    assert started(found) == "./bin/App serve --env production --hostname 0.0.0.0 --port ${PORT}"
    assert (found.runs_on, found.runtime) == ("swift-run", ("bin", "Public"))


def test_a_library_in_swift_is_no_app(tree: Tree) -> None:
    text = '// swift-tools-version:6.0\nlet package = Package(name: "shop", targets: [.target(name: "Shop")])'

    assert detected(tree, {"Package.swift": text, "index.html": ""}).match.framework == "static"


def test_kemal_is_told_where_to_listen(tree: Tree) -> None:
    files = {
        "shard.yml": "name: shop\nversion: 0.1.0\ncrystal: '>= 1.10.0'\ntargets:\n  shop:\n    main: src/shop.cr\n"
        "dependencies:\n  kemal:\n    github: kemalcr/kemal\n",
        "shard.lock": "",
        "src/shop.cr": 'require "kemal"\nKemal.run\n',
    }
    found = plan(tree, files)

    assert (found.framework, found.variant, found.versions) == ("crystal", "kemal", {"crystal": ">= 1.10.0"})
    assert built(found) == ["shards build shop --production --release --no-debug"]
    assert started(found) == "./bin/shop --bind 0.0.0.0 --port ${PORT}"


@pytest.mark.parametrize(
    ("line", "start", "build"),
    [
        ("bin/app", "./bin/app", "crystal build --release --no-debug src/shop.cr -o bin/app"),
        ("exec bin/app --x", "./bin/app --x", "crystal build --release --no-debug src/shop.cr -o bin/app"),
        ("./bin/jobs", "./bin/jobs", "shards build jobs --production --release --no-debug"),
        ("bin/shop", "./bin/shop", "shards build shop --production --release --no-debug"),
    ],
)
def test_what_a_procfile_starts_in_crystal_is_what_is_built(tree: Tree, line: str, start: str, build: str) -> None:
    targets = "targets:\n  shop:\n    main: src/shop.cr\n  jobs:\n    main: src/jobs.cr\n"
    files = {"shard.yml": f"name: shop\n{targets}", "src/shop.cr": "", "src/jobs.cr": "", "Procfile": f"web: {line}\n"}
    found = plan(tree, files)

    assert (started(found), built(found)) == (start, [build])


def test_broken_yaml_is_named_with_its_line(tree: Tree) -> None:
    with pytest.raises(SourceError) as caught:
        detected(tree, {"shard.yml": "name: shop\ntargets: [\n"})
    assert caught.value.file == "shard.yml"


def test_dart_is_compiled(tree: Tree) -> None:
    files = {
        "pubspec.yaml": "name: shop\nenvironment:\n  sdk: ^3.4.0\ndependencies:\n  shelf: ^1.4.0\n",
        "pubspec.lock": "",
        "bin/server.dart": "final port = int.parse(Platform.environment['PORT'] ?? '8080');",
    }
    found = plan(tree, files)

    assert (found.variant, found.versions, found.port) == ("shelf", {"dart": "^3.4.0"}, None)
    assert built(found) == ["sh -c 'mkdir -p out && dart compile exe bin/server.dart -o out/server'"]
    assert started(found) == "./out/server"


def test_flutter_is_files(tree: Tree) -> None:
    pubspec = "name: shop\ndependencies:\n  flutter:\n    sdk: flutter\n"
    found = plan(tree, {"pubspec.yaml": pubspec, "web/index.html": "", "lib/main.dart": ""})

    assert found.static is not None
    assert (found.variant, found.static.dir, found.base) == ("flutter", "build/web", "flutter")


def test_cabal_builds_haskell(tree: Tree) -> None:
    files = {
        "shop.cabal": "name: shop\n\nexecutable shop\n  main-is: Main.hs\n  build-depends: base, scotty\n",
        "Main.hs": 'main = do\n  port <- maybe 8080 read <$> lookupEnv "PORT"\n  scotty port app\n',
    }
    cabal = plan(tree, files)

    assert (cabal.framework, cabal.variant, cabal.package_manager, cabal.port) == ("haskell", "scotty", "cabal", None)
    assert "cabal install exe:shop" in built(cabal)[0]


def test_stack_has_the_compiler_of_its_snapshot(tree: Tree) -> None:
    files = {
        "package.yaml": "name: shop\ndependencies:\n- base\n- yesod\nexecutables:\n  shop-exe:\n    main: Main.hs\n",
        "stack.yaml": "resolver: lts-22.43\n",
        "app/Main.hs": "main = run 3000 app\n",
    }
    found = plan(tree, files)

    assert (found.variant, found.versions, found.package_manager) == ("yesod", {"haskell": "9.6"}, "stack")
    assert started(found) == "./bin/shop-exe"
    assert found.port == 3000


def test_zig_comes_from_pypi(tree: Tree) -> None:
    files = {
        "build.zig": 'const exe = b.addExecutable(.{ .name = "shop", .root_module = m });',
        "build.zig.zon": '.{ .name = .shop, .minimum_zig_version = "0.14.0" }',
        "src/main.zig": "",
    }
    found = plan(tree, files)

    assert (found.framework, found.base, found.versions) == ("zig", "python", {"zig": "0.14.0"})
    assert [" ".join(step.run) for step in found.install] == ["pip install ziglang==0.14.0"]


def test_an_older_build_file_of_zig_is_understood(tree: Tree) -> None:
    found = plan(tree, {"build.zig": 'const exe = b.addExecutable("shop", "src/main.zig");', "src/main.zig": ""})

    assert started(found) == "./bin/shop"


def test_sbt_puts_play_together_with_its_launcher(tree: Tree) -> None:
    files = {
        "build.sbt": 'name := "My Shop"\nlazy val root = (project in file(".")).enablePlugins(PlayScala)\n',
        "project/plugins.sbt": 'addSbtPlugin("org.playframework" % "sbt-plugin" % "3.0.5")\n',
        "project/build.properties": "sbt.version=1.10.5\n",
        "conf/application.conf": "play.http.secret.key = ${?APPLICATION_SECRET}\n",
    }
    found = plan(tree, files)

    assert (found.framework, found.variant) == ("scala", "play")
    assert built(found)[0] == "java -Dsbt.ci=true -jar .sbt-launch/sbt-launch.jar stage"
    assert started(found) == "./target/universal/stage/bin/my-shop -Dhttp.port=${PORT} -Dpidfile.path=/dev/null"
    assert [(one.name, one.secret) for one in found.env] == [("APPLICATION_SECRET", True)]


def test_leiningen_makes_one_jar(tree: Tree) -> None:
    files = {
        "project.clj": '(defproject shop "1.0"\n  :dependencies [[ring/ring-core "1.12"]]\n  :main shop.core)\n',
        "src/shop/core.clj": '(ns shop.core)\n(defn -main [] (serve (System/getenv "PORT")))\n',
    }
    found = plan(tree, files)

    assert (found.framework, found.variant, built(found)[0], found.base) == ("clojure", "ring", "lein uberjar", "lein")
    assert (started(found), found.port) == ("java -XX:MaxRAMPercentage=75 -jar app.jar", None)
    assert found.warnings == ()


def test_a_handler_of_ring_is_built_with_a_main_function(tree: Tree) -> None:
    project = '(defproject shop "1.0"\n  :plugins [[lein-ring "0.12.5"]]\n  :ring {:handler shop.core/app})\n'
    found = plan(tree, {"project.clj": project, "src/shop/core.clj": "(ns shop.core)"})

    assert (built(found)[0], found.warnings) == ("lein ring uberjar", ())


def test_deps_without_a_build_run_from_their_sources(tree: Tree) -> None:
    files = {"deps.edn": "{:deps {http-kit/http-kit {}}}", "src/shop/main.clj": "(ns shop.main)\n(defn -main [] 1)\n"}
    found = plan(tree, files)

    assert "clojure.main -m shop.main" in started(found)
    assert found.runtime == ()


CMAKE = "project(shop)\nfind_package(OpenSSL REQUIRED)\nadd_executable(shop src/main.cpp)\n"


def test_cmake_builds_a_program_with_the_libraries_it_finds(tree: Tree) -> None:
    found = plan(tree, {"CMakeLists.txt": CMAKE, "src/main.cpp": 'getenv("PORT")'})

    assert (found.framework, found.language, found.variant) == ("cpp", "c++", "cmake")
    assert "libssl-dev" in found.build_apt
    assert found.apt == ("ca-certificates", "tzdata", "libstdc++6", "libssl3t64")
    assert started(found) == "./bin/shop"


def test_meson_builds_c(tree: Tree) -> None:
    found = plan(tree, {"meson.build": "project('shop', 'c')\nexecutable('shop', 'main.c')\n", "main.c": ""})

    assert (found.language, found.variant, built(found)[1]) == ("c", "meson", "meson compile -C build")


def test_a_makefile_with_c_beside_it_is_c(tree: Tree) -> None:
    found = plan(tree, {"Makefile": "TARGET = shop\nall:\n\t$(CC) -o $(TARGET) shop.c\n", "shop.c": ""})

    assert (found.framework, found.variant, started(found)) == ("cpp", "make", "./bin/shop")


@pytest.mark.parametrize(
    "files",
    [
        {"Makefile": "run:\n\tnpm start\n", "package.json": '{"scripts": {"start": "node a.js"}}', "a.js": ""},
        {
            "Makefile": "CC = gcc\nall:\n\t$(CC) -o addon addon.c\n",
            "addon.c": "",
            "package.json": '{"scripts": {"start": "node a.js"}}',
            "a.js": "",
        },
        {
            "CMakeLists.txt": CMAKE,
            "src/main.cpp": "",
            "package.json": '{"scripts": {"start": "node a.js"}}',
            "a.js": "",
        },
    ],
)
def test_a_build_file_of_c_in_an_app_of_another_language_makes_no_app_in_c(tree: Tree, files: dict[str, str]) -> None:
    assert detected(tree, files).match.framework == "node"
