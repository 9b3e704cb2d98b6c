"""How the dependencies of JavaScript apps are installed."""

import json

import pytest
from node_apps import LISTENS, packed, plan
from source_tree import Tree

MANAGERS = [
    ({}, None, "npm", "npm install"),
    ({"package-lock.json": "{}"}, None, "npm", "npm ci"),
    ({"npm-shrinkwrap.json": "{}"}, None, "npm", "npm ci"),
    ({"pnpm-lock.yaml": ""}, None, "pnpm", "pnpm install --frozen-lockfile"),
    ({"yarn.lock": "# yarn lockfile v1"}, None, "yarn", "yarn install --frozen-lockfile"),
    ({"yarn.lock": "__metadata:\n  version: 8\n"}, None, "yarn", "yarn install --immutable"),
    ({"yarn.lock": "", ".yarnrc.yml": ""}, None, "yarn", "yarn install --immutable"),
    ({"bun.lock": ""}, None, "bun", "bun install --frozen-lockfile"),
    ({"bun.lockb": ""}, None, "bun", "bun install --frozen-lockfile"),
    ({"package-lock.json": "{}"}, "pnpm@9.1.0", "pnpm", "pnpm install"),
    (
        {"package-lock.json": "{}", "pnpm-lock.yaml": ""},
        "pnpm@9.1.0+sha512.ab",
        "pnpm",
        "pnpm install --frozen-lockfile",
    ),
    ({"yarn.lock": ""}, "yarn@4.5.0", "yarn", "yarn install --immutable"),
    ({"yarn.lock": ""}, "yarn@1.22.0", "yarn", "yarn install --frozen-lockfile"),
    ({"pnpm-lock.yaml": ""}, "cargo@1", "pnpm", "pnpm install --frozen-lockfile"),
    ({"pnpm-lock.yaml": ""}, 7, "pnpm", "pnpm install --frozen-lockfile"),
]


@pytest.mark.parametrize(("files", "said", "manager", "command"), MANAGERS)
def test_the_package_manager_is_said_or_told_by_the_lock_file(
    tree: Tree, files: dict[str, str], said: object, manager: str, command: str
) -> None:
    more = {"packageManager": said} if said is not None else {}
    found = plan(tree, {"package.json": packed("express", **more), "server.js": LISTENS, **files})
    assert (found.package_manager, [" ".join(step.run) for step in found.install]) == (manager, [command])


def test_several_lock_files_are_warned_about(tree: Tree) -> None:
    files = {"package.json": packed("express"), "server.js": LISTENS, "yarn.lock": "", "package-lock.json": "{}"}
    assert plan(tree, files).warnings == ("There are several lock files (yarn.lock, package-lock.json): yarn is used.",)


def test_no_lock_file_is_warned_about(tree: Tree) -> None:
    found = plan(tree, {"package.json": packed("express"), "server.js": LISTENS})
    assert found.warnings == ("There is no lock file: a later build may install other versions.",)


def test_without_dependencies_nothing_is_installed(tree: Tree) -> None:
    found = plan(
        tree,
        {"package.json": packed(scripts={"start": "node server.js"}), "server.js": LISTENS, "package-lock.json": "{}"},
    )
    assert (found.install, found.build, found.start, found.warnings) == ((), (), ("node", "server.js"), ())


@pytest.mark.parametrize(
    "more",
    [
        {"scripts": {"postinstall": "node x.js"}},
        {"dependencies": {"mine": "file:./mine"}},
        {"dependencies": {"mine": "link:../mine"}},
        {"scripts": {"postinstall": "prisma generate && node x.js"}},
    ],
)
def test_an_install_that_reads_the_apps_files_depends_on_all_of_them(tree: Tree, more: dict[str, object]) -> None:
    text = json.dumps({"dependencies": {"a": "1"}, "main": "server.js", **more})
    (step,) = plan(tree, {"package.json": text, "server.js": LISTENS, "package-lock.json": "{}"}).install
    assert step.inputs == ()
