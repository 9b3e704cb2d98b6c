"""What a Cargo.toml says: the programs of a package, what it depends on, and the version of Rust."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from webduh_console.frameworks import Source, Version, first_version, line_version, strings, table, tool_version

FRAMEWORKS: Mapping[str, str] = {
    "loco-rs": "loco",
    "leptos": "leptos",
    "dioxus": "dioxus",
    "yew": "yew",
    "rocket": "rocket",
    "actix-web": "actix-web",
    "axum": "axum",
    "poem": "poem",
    "salvo": "salvo",
    "warp": "warp",
    "ntex": "ntex",
    "tide": "tide",
    "gotham": "gotham",
    "tonic": "tonic",
    "hyper": "hyper",
}
"""Crate → the framework it is; the first one that a package depends on counts."""

SYSTEM: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "openssl-sys": (("pkg-config", "libssl-dev"), ("libssl3t64",)),
    "pq-sys": (("libpq-dev",), ("libpq5",)),
    "mysqlclient-sys": (("default-libmysqlclient-dev", "pkg-config"), ("libmariadb3",)),
    "rdkafka-sys": (("cmake", "g++", "make", "zlib1g-dev"), ("libstdc++6", "zlib1g")),
    "librocksdb-sys": (("clang", "libclang-dev", "g++", "make"), ("libstdc++6",)),
    "tikv-jemalloc-sys": (("make",), ()),
    "jemalloc-sys": (("make",), ()),
    "prost-build": (("protobuf-compiler",), ()),
    "bindgen": (("clang", "libclang-dev"), ()),
    "cmake": (("cmake", "g++", "make"), ("libstdc++6",)),
    "alsa-sys": (("libasound2-dev", "pkg-config"), ("libasound2t64",)),
    "libudev-sys": (("libudev-dev", "pkg-config"), ("libudev1",)),
}
"""Crate of Cargo.lock → the Debian packages it is built with, and those it runs with."""


class Package(NamedTuple):
    """A package: its name, its programs, the one `cargo run` would run, and the names of what it depends on."""

    name: str
    programs: tuple[str, ...]
    usual: str
    dependencies: dict[str, object]
    text: dict[str, object]

    @property
    def framework(self) -> str:
        """The framework it is made with; empty if it is none that is known."""
        return next((FRAMEWORKS[name] for name in FRAMEWORKS if name in self.dependencies), "")


def cargo_package(source: Source) -> Package:
    """What Cargo.toml says of its package. SourceError if it is broken."""
    text = source.toml("Cargo.toml")
    said = table(text, "package")
    name, usual = said.get("name"), said.get("default-run")
    name = name if isinstance(name, str) else ""
    programs = tuple(dict.fromkeys(_programs(source, text, name))) if name else ()
    return Package(name, programs, usual if isinstance(usual, str) else "", _dependencies(text), text)


def needed_features(package: Package, program: str) -> tuple[str, ...]:
    """The features without which Cargo does not build a program, as its Cargo.toml says."""
    declared = package.text.get("bin")
    for one in declared if isinstance(declared, list) else ():
        if isinstance(one, dict) and one.get("name", package.name) == program:
            return strings(one.get("required-features"))
    return ()


def rust_version(source: Source, root: Source | None = None) -> Version | None:
    """The version of Rust that an app asks for: its own files first, then those of its workspace."""
    places = dict.fromkeys(place for place in (source, root) if place is not None)
    return first_version(version for place in places for version in _versions(place))


def locked(source: Source) -> frozenset[str]:
    """The names of all crates in Cargo.lock."""
    found = source.toml("Cargo.lock").get("package")
    return (
        frozenset(str(one.get("name")) for one in found if isinstance(one, dict))
        if isinstance(found, list)
        else frozenset()
    )


def _programs(source: Source, text: dict[str, object], name: str) -> Iterator[str]:
    declared = text.get("bin")
    at_top = False
    for one in declared if isinstance(declared, list) else ():
        called = one.get("name") if isinstance(one, dict) else None
        if isinstance(called, str):
            at_top = at_top or one.get("path") in (None, "src/main.rs")
            yield called
    if source.exists("src/main.rs") and not at_top:
        yield name
    for file in source.files("src/bin/*.rs"):
        yield file.removeprefix("src/bin/").removesuffix(".rs")
    for file in source.files("src/bin/*/main.rs"):
        yield file.split("/")[2]


def _dependencies(text: dict[str, object]) -> dict[str, object]:
    found = {name: said for part in ("dependencies", "build-dependencies") for name, said in table(text, part).items()}
    renamed = {said["package"]: said for said in found.values() if isinstance(said, dict) and "package" in said}
    return {**found, **{str(name): said for name, said in renamed.items()}}


def features(said: object) -> tuple[str, ...]:
    """The features that a dependency is asked for with."""
    return strings(said.get("features")) if isinstance(said, dict) else ()


def _versions(source: Source) -> Iterator[Version | None]:
    channel = table(source.toml("rust-toolchain.toml"), "toolchain").get("channel")
    yield Version(channel, "rust-toolchain.toml") if isinstance(channel, str) else None
    text = source.text("rust-toolchain")
    if "[toolchain]" in text:
        channel = table(source.toml("rust-toolchain"), "toolchain").get("channel")
        yield Version(channel, "rust-toolchain") if isinstance(channel, str) else None
    else:
        yield line_version(source, "rust-toolchain")
    yield line_version(source, ".rust-version")
    yield tool_version(source, "rust")
    cargo = source.toml("Cargo.toml")
    for place in (table(cargo, "package"), table(cargo, "workspace", "package")):
        said = place.get("rust-version")
        yield Version(said, "Cargo.toml") if isinstance(said, str) else None
