"""Apps in Rust."""

from pathlib import Path

import pytest
from compiled_apps import built, detected, plan, started
from source_tree import Tree, written

from webduh_console.frameworks import SourceError
from webduh_console.frameworks.detection import detect
from webduh_console.frameworks.discovery import plugins
from webduh_console.frameworks.source import FolderSource

MAIN = 'fn main() { serve(format!("0.0.0.0:{}", std::env::var("PORT").unwrap())) }\n'


def cargo(*dependencies: str, more: str = "", name: str = "shop") -> str:
    lines = "".join(f"{one}\n" for one in dependencies)
    return f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n{more}\n[dependencies]\n{lines}'


@pytest.mark.parametrize(
    ("dependency", "variant"),
    [
        ('axum = "0.8"', "axum"),
        ('actix-web = { version = "4" }', "actix-web"),
        ('warp = "0.4"', "warp"),
        ("poem.workspace = true", "poem"),
        ('web = { package = "actix-web", version = "4" }', "actix-web"),
        ('axum-extra = "0.10"', ""),
    ],
)
def test_the_framework_is_a_crate_the_app_depends_on(tree: Tree, dependency: str, variant: str) -> None:
    found = detected(tree, {"Cargo.toml": cargo(dependency), "Cargo.lock": "", "src/main.rs": MAIN})

    assert (found.plan.language, found.plan.variant) == ("rust", variant)
    assert found.match.tier == ("framework" if variant else "language")


def test_one_program_gets_out_of_the_caches_and_runs_on_a_small_debian(tree: Tree) -> None:
    files = {"Cargo.toml": cargo('axum = "0.8"'), "Cargo.lock": "", "src/main.rs": MAIN, "static/a.css": ""}
    found = plan(tree, files)

    assert built(found) == [
        "sh -c 'cargo build --release --locked --bin shop && install -D target/release/shop bin/shop'"
    ]
    assert found.build[0].caches == ("/usr/local/cargo/registry", "/usr/local/cargo/git", "target")
    assert found.build[0].env == {"CARGO_PROFILE_RELEASE_STRIP": "symbols"}
    assert (started(found), found.runtime) == ("./bin/shop", ("bin/shop", "static"))
    assert (found.runs_on, found.port, found.warnings) == ("other", None, ())


@pytest.mark.parametrize(
    ("files", "version", "file"),
    [
        ({"rust-toolchain.toml": '[toolchain]\nchannel = "1.85.0"\n'}, "1.85.0", "rust-toolchain.toml"),
        ({"rust-toolchain": "1.84\n"}, "1.84", "rust-toolchain"),
        ({"rust-toolchain": '[toolchain]\nchannel = "stable"\n'}, "stable", "rust-toolchain"),
        ({".rust-version": "1.80.1"}, "1.80.1", ".rust-version"),
        ({".tool-versions": "rust 1.81.0"}, "1.81.0", ".tool-versions"),
        ({"Cargo.toml": cargo(more='rust-version = "1.79"')}, "1.79", "Cargo.toml"),
    ],
)
def test_the_version_is_that_of_the_strongest_file(tree: Tree, files: dict[str, str], version: str, file: str) -> None:
    found = plan(tree, {"Cargo.toml": cargo(), "src/main.rs": MAIN, **files})

    assert (found.versions, found.version_source) == ({"rust": version}, {"rust": file})


def test_nightly_has_an_image_of_its_own(tree: Tree) -> None:
    files = {"Cargo.toml": cargo(), "src/main.rs": MAIN, "rust-toolchain.toml": '[toolchain]\nchannel = "nightly"\n'}

    assert plan(tree, files).base == "rustlang/rust:nightly-slim"


@pytest.mark.parametrize(
    ("more", "files", "chosen", "sure"),
    [
        ("", {"src/main.rs": MAIN, "src/bin/import.rs": MAIN}, "shop", True),
        ('default-run = "import"\n', {"src/main.rs": MAIN, "src/bin/import.rs": MAIN}, "import", True),
        ("", {"src/bin/import.rs": MAIN, "src/bin/server/main.rs": MAIN}, "server", True),
        ("", {"src/bin/import.rs": MAIN, "src/bin/zebra.rs": MAIN}, "import", False),
        ('[[bin]]\nname = "till"\npath = "src/main.rs"\n', {"src/main.rs": MAIN}, "till", True),
        ("", {"src/main.rs": MAIN, "src/bin/jobs.rs": MAIN, "Procfile": "web: ./target/release/jobs\n"}, "jobs", True),
    ],
)
def test_of_several_programs_one_is_run(tree: Tree, more: str, files: dict[str, str], chosen: str, sure: bool) -> None:
    found = plan(tree, {"Cargo.toml": cargo(more=more), **files})

    assert started(found) == f"./bin/{chosen}"
    assert any("several programs" in one for one in found.warnings) is not sure


@pytest.mark.parametrize(
    ("declared", "line"),
    [
        ('name = "shop"\npath = "src/main.rs"\nrequired-features = ["ssr", "tls"]', "--bin shop --features ssr,tls"),
        ('path = "src/main.rs"\nname = "shop"', "--bin shop"),
    ],
)
def test_a_program_is_built_with_the_features_that_it_requires(tree: Tree, declared: str, line: str) -> None:
    text = cargo('axum = "0.8"', more=f"[features]\nssr = []\ntls = []\n[[bin]]\n{declared}\n")
    found = plan(tree, {"Cargo.toml": text, "Cargo.lock": "", "src/main.rs": MAIN})

    assert built(found)[0].startswith(f"sh -c 'cargo build --release --locked {line} && install ")


def test_rocket_is_told_where_to_listen(tree: Tree) -> None:
    found = plan(tree, {"Cargo.toml": cargo('rocket = "0.5"'), "src/main.rs": MAIN, "Rocket.toml": ""})

    assert (started(found), found.variables) == ("env ROCKET_PORT=${PORT} ./bin/shop", {"ROCKET_ADDRESS": "0.0.0.0"})


@pytest.mark.parametrize(
    ("text", "port", "itself"),
    [
        ('TcpListener::bind("0.0.0.0:3000")', 3000, False),
        ('HttpServer::new(app).bind(("127.0.0.1", 8080))', 8080, True),
        ("warp::serve(routes).run(([127, 0, 0, 1], 3030))", 3030, True),
        ("SocketAddr::from(([0, 0, 0, 0], 3000))", 3000, False),
        ('println!("see http://localhost:3000"); bind("0.0.0.0:3000")', 3000, False),
    ],
)
def test_where_it_listens_is_told(tree: Tree, text: str, port: int, itself: bool) -> None:
    found = plan(
        tree, {"Cargo.toml": cargo('axum = "0.8"'), "Cargo.lock": "", "src/main.rs": f"fn main() {{ {text} }}"}
    )

    assert found.port == port
    assert any("127.0.0.1" in one for one in found.warnings) is itself


def test_crates_that_are_linked_with_the_system_bring_its_packages(tree: Tree) -> None:
    lock = '[[package]]\nname = "openssl-sys"\n\n[[package]]\nname = "pq-sys"\n'
    found = plan(tree, {"Cargo.toml": cargo('reqwest = "0.12"'), "Cargo.lock": lock, "src/main.rs": MAIN})

    assert found.build_apt == ("pkg-config", "libssl-dev", "libpq-dev")
    assert found.apt == ("ca-certificates", "tzdata", "libssl3t64", "libpq5")


@pytest.mark.parametrize(
    ("said", "packages"),
    [('rusqlite = "0.37"', True), ('rusqlite = { version = "0.37", features = ["bundled"] }', False)],
)
def test_sqlite_is_the_systems_unless_it_is_bundled(tree: Tree, said: str, packages: bool) -> None:
    found = plan(tree, {"Cargo.toml": cargo(said), "Cargo.lock": "", "src/main.rs": MAIN})

    assert ("libsqlite3-0" in found.apt) is packages


def test_a_front_end_beside_it_is_built_first(tree: Tree) -> None:
    files = {
        "Cargo.toml": cargo('axum = "0.8"'),
        "Cargo.lock": "",
        "src/main.rs": MAIN,
        "frontend/package.json": '{"scripts": {"build": "vite build"}, "devDependencies": {"vite": "7"}}',
        "frontend/index.html": "",
    }
    found = plan(tree, files)

    assert (found.framework, found.runtime) == ("rust", ("bin/shop", "frontend/dist"))
    assert built(found)[0] == "cd frontend && npm run build"


def test_a_member_of_a_workspace_is_built_from_its_root(tmp_path: Path) -> None:
    written(
        tmp_path / "root",
        {
            "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n',
            "Cargo.lock": "",
            "crates/api/Cargo.toml": cargo("axum.workspace = true", name="api"),
            "crates/api/src/main.rs": MAIN,
            "crates/tool/Cargo.toml": cargo(name="tool"),
            "crates/tool/src/main.rs": MAIN,
            "crates/core/Cargo.toml": cargo(name="core"),
            "crates/core/src/lib.rs": "",
        },
    )
    member = detect(FolderSource(tmp_path / "root/crates/api"), plugins()).plan
    whole = detect(FolderSource(tmp_path / "root"), plugins()).plan

    assert (member.from_root, whole.from_root) == (True, False)
    assert built(member) == built(whole)
    assert "cargo build --release --locked --package api --bin api" in built(member)[0]
    assert started(member) == "./crates/api/bin/api"
    assert member.runtime == ("crates/api/bin/api",)


def test_the_default_member_of_a_workspace_is_run(tree: Tree) -> None:
    files = {
        "Cargo.toml": '[workspace]\nmembers = ["a", "b"]\ndefault-members = ["./b"]\n',
        **{f"{name}/Cargo.toml": cargo(name=name) for name in "ab"},
        **{f"{name}/src/main.rs": "fn main() {}" for name in "ab"},
    }
    assert started(plan(tree, files)) == "./b/bin/b"


def test_a_site_that_trunk_makes_is_files(tree: Tree) -> None:
    found = plan(tree, {"Cargo.toml": cargo('yew = "0.21"'), "src/main.rs": MAIN, "index.html": "<link data-trunk>"})

    assert found.static is not None
    assert (found.variant, found.static.dir, found.static.spa) == ("yew", "dist", True)


def test_a_library_is_no_app(tree: Tree) -> None:
    files = {
        "Cargo.toml": cargo(more='[lib]\ncrate-type = ["cdylib"]\n'),
        "src/lib.rs": "",
        "package.json": '{"scripts": {"start": "node server.js"}, "dependencies": {"express": "5"}}',
        "server.js": "",
    }
    assert detected(tree, files).match.framework == "node"


def test_a_broken_cargo_toml_is_named_with_its_line(tree: Tree) -> None:
    with pytest.raises(SourceError) as caught:
        detected(tree, {"Cargo.toml": "[package]\nname =\n", "src/main.rs": MAIN})
    assert (caught.value.file, caught.value.line) == ("Cargo.toml", 2)
