"""Repositories by file, by HTTP and by ssh, with the real git."""

import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from git_house import GitHouse, over_http, texts

from webduh_console.errors import CancelledError
from webduh_console.model.events import Event, Progress
from webduh_console.model.target import CancelToken
from webduh_console.transport.git.address import origin
from webduh_console.transport.git.program import environment
from webduh_console.transport.git.refusals import GitError
from webduh_console.transport.git.repository import Repository

TOKEN = "token-that-nobody-sees"


def test_a_branch_a_tag_and_a_commit_are_checked_out(house: GitHouse, cache: Path) -> None:
    one = house.commit({"index.html": "one"}, tag="v1")
    two = house.commit({"index.html": "two"}, branch="next")
    found = {
        ref: Repository(cache, origin(house.url, ref)).checkout() for ref in ("", "main", "next", "v1", one[:8], two)
    }

    assert {ref: (tree.commit, tree.branch) for ref, tree in found.items()} == {
        "": (one, "main"),
        "main": (one, "main"),
        "next": (two, "next"),
        "v1": (one, ""),
        one[:8]: (one, ""),
        two: (two, ""),
    }
    assert {texts(tree)["index.html"] for ref, tree in found.items() if tree.commit == two} == {"two"}


def test_a_new_commit_and_a_forced_push_are_seen_at_once(house: GitHouse, cache: Path) -> None:
    house.commit({"a": "1"})
    assert texts(Repository(cache, origin(house.url)).checkout()) == {"a": "1"}
    house.commit({"a": "2"})
    assert texts(Repository(cache, origin(house.url)).checkout()) == {"a": "2"}
    house.git("commit", "--quiet", "--amend", "-m", "another")
    forced = house.commit({"a": "3"})
    assert Repository(cache, origin(house.url)).checkout().commit == forced


def test_a_checkout_goes_away_and_the_mirror_stays(house: GitHouse, cache: Path) -> None:
    house.commit({"a": "1"})
    checkout = Repository(cache, origin(house.url)).checkout()
    checkout.remove()
    checkout.remove()

    assert list((cache / "trees").iterdir()) == []
    assert len(list(cache.glob("*.git"))) == 1


def test_the_tree_of_a_process_that_is_gone_is_removed_by_the_next(house: GitHouse, cache: Path) -> None:
    house.commit({"a": "1"})
    code = (
        "import os, sys; from pathlib import Path; from webduh_console.transport.git.address import origin;"
        "from webduh_console.transport.git.repository import Repository;"
        "print(Repository(Path(sys.argv[1]), origin(sys.argv[2])).checkout().tree); sys.stdout.flush(); os._exit(1)"
    )
    dead = subprocess.run([sys.executable, "-c", code, cache, house.url], capture_output=True, text=True, check=False)
    left = Path(dead.stdout.strip())
    assert left.is_dir()
    mine = Repository(cache, origin(house.url)).checkout()

    assert not left.exists()
    assert mine.folder.is_dir()


def test_a_mirror_that_is_broken_is_made_anew(house: GitHouse, cache: Path) -> None:
    house.commit({"a": "1"})
    Repository(cache, origin(house.url)).checkout()
    (mirror,) = cache.glob("*.git")
    (mirror / "HEAD").unlink()

    assert texts(Repository(cache, origin(house.url)).checkout()) == {"a": "1"}


def test_a_folder_of_the_repository_is_enough(house: GitHouse, cache: Path) -> None:
    house.commit({"apps/web/index.html": "web", "apps/api/app.py": "api"})

    assert texts(Repository(cache, origin(house.url, path="apps/web")).checkout()) == {"index.html": "web"}


@pytest.mark.parametrize(
    ("ref", "path", "what", "hint"),
    [
        ("mian", "", "has no branch, tag or commit mian.", "Did you mean main?"),
        ("0123456789abcdef", "", "has no branch, tag or commit 0123456789abcdef.", "There are: main, v1."),
        ("0" * 40, "", f"has no branch, tag or commit {'0' * 40}.", "There are: main, v1."),
        ("", "apps/wbe", "has no folder apps/wbe.", "There are: apps/web"),
        ("", "apps/web/index.html", "has no folder apps/web/index.html.", "There are: apps/web"),
        ("", "out", "has no folder out.", ""),
    ],
)
def test_what_is_not_there_is_answered_with_near_names(
    ref: str, path: str, what: str, hint: str, house: GitHouse, cache: Path
) -> None:
    (house.work / "out").symlink_to("/usr")
    house.commit({"apps/web/index.html": "web"}, tag="v1")
    with pytest.raises(GitError) as raised:
        Repository(cache, origin(house.url, ref, path)).checkout()

    assert raised.value.what == f"{house.url} {what}"
    assert hint in raised.value.hint
    assert not (cache / "trees").exists() or not list((cache / "trees").iterdir())


def test_a_repository_without_a_commit_says_so(house: GitHouse, cache: Path) -> None:
    with pytest.raises(GitError, match="is empty"):
        Repository(cache, origin(house.url)).checkout()


def test_a_default_branch_that_is_not_there_has_the_others_named(house: GitHouse, cache: Path) -> None:
    house.commit({"a": "1"}, branch="next")
    with pytest.raises(GitError) as raised:
        Repository(cache, origin(house.url)).checkout()
    assert raised.value.hint == "Name one with --ref: next."


def test_submodules_are_there_too(house: GitHouse, cache: Path) -> None:
    part = GitHouse(house.root, "part")
    part.commit({"part.txt": "part"})
    house.git("submodule", "--quiet", "add", "../part.git", "lib")
    house.commit({"a": "1"})
    checkout = Repository(cache, origin(house.url)).checkout()

    assert (checkout.folder / "lib" / "part.txt").read_text() == "part"


LARGE = ".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n"
with_lfs = pytest.mark.skipif(shutil.which("git-lfs") is None, reason="needs git-lfs")


def large(house: GitHouse, text: str) -> None:
    """Commit big.bin as Git LFS keeps it: a pointer in the repository, and the file beside it."""
    house.git("lfs", "install", "--local")
    house.commit({LARGE[0]: LARGE[1], "big.bin": text})
    assert house.git("show", "HEAD:big.bin").startswith("version https://git-lfs.github.com/spec/v1")


@with_lfs
def test_files_of_lfs_are_there_and_kept_for_the_next_time(house: GitHouse, cache: Path) -> None:
    large(house, "as large as it may be\n")
    assert texts(Repository(cache, origin(house.url)).checkout())["big.bin"] == "as large as it may be\n"

    shutil.rmtree(house.bare / "lfs")
    assert texts(Repository(cache, origin(house.url)).checkout())["big.bin"] == "as large as it may be\n"


@with_lfs
def test_files_of_lfs_in_a_submodule_are_there(house: GitHouse, cache: Path) -> None:
    part = GitHouse(house.root, "part")
    large(part, "of a part\n")
    house.git("submodule", "--quiet", "add", "../part.git", "lib")
    house.commit({"a": "1"})

    assert texts(Repository(cache, origin(house.url)).checkout())["lib/big.bin"] == "of a part\n"


@with_lfs
def test_a_file_of_lfs_that_is_nowhere_is_an_error(house: GitHouse, cache: Path) -> None:
    large(house, "lost\n")
    shutil.rmtree(house.bare / "lfs")
    with pytest.raises(GitError) as raised:
        Repository(cache, origin(house.url)).checkout()

    assert "remote missing object" in raised.value.why
    assert list((cache / "trees").iterdir()) == []


def test_a_pointer_of_lfs_is_named_where_there_is_no_lfs(
    house: GitHouse, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"
    house.git("config", "core.hooksPath", os.devnull)  # a git-lfs that is installed would miss the file itself
    house.commit({LARGE[0]: LARGE[1], "big.bin": pointer, "a": "1"})
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text(f'#!/bin/sh\n[ "$1" != lfs ] || exit 1\nexec {shutil.which("git")} "$@"\n')
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{git.parent}:{os.environ['PATH']}")
    with pytest.raises(GitError) as raised:
        Repository(cache, origin(house.url)).checkout()

    assert raised.value.why == "big.bin: only a pointer is here."
    assert raised.value.hint == "Install git-lfs, and try again."
    assert list((cache / "trees").iterdir()) == []


def test_a_hook_or_a_git_around_us_changes_nothing(
    house: GitHouse, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.commit({"a": "1"})
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_WORK_TREE", "/nowhere")

    assert texts(Repository(cache, origin(house.url)).checkout()) == {"a": "1"}


def test_how_far_it_is_is_told(house: GitHouse, cache: Path) -> None:
    house.commit({f"file-{number}": str(number) for number in range(150)})
    told: list[Event] = []
    with over_http(house.root) as address:
        Repository(cache, origin(f"{address}/shop.git"), told=told.append).checkout()

    steps = [event for event in told if isinstance(event, Progress)]
    assert {"receiving objects", "counting objects"} <= {step.unit for step in steps}
    assert all(0 <= step.done <= step.total for step in steps)


def test_it_can_be_cancelled(house: GitHouse, cache: Path) -> None:
    house.commit({"a": "1"})
    cancel = CancelToken()
    cancel.set()
    with pytest.raises(CancelledError):
        Repository(cache, origin(house.url), cancel=cancel).checkout()


def test_a_fetch_that_hangs_can_be_cancelled(cache: Path) -> None:
    cancel, raised = CancelToken(), []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/shop.git"

        def fetch() -> None:
            with pytest.raises(CancelledError) as error:
                Repository(cache, origin(url), cancel=cancel).checkout()
            raised.append(error.value)

        thread = threading.Thread(target=fetch)
        thread.start()
        connection, _ = silent.accept()
        cancel.set()
        thread.join(20)
        connection.close()

    assert [type(error) for error in raised] == [CancelledError]


def test_two_at_once_wait_for_each_other(house: GitHouse, cache: Path) -> None:
    house.commit({"a": "1"})
    found: list[dict[str, str]] = []
    threads = [
        threading.Thread(target=lambda: found.append(texts(Repository(cache, origin(house.url)).checkout())))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [{"a": "1"}] * 4


def test_a_token_opens_a_repository_over_http(house: GitHouse, cache: Path) -> None:
    house.commit({"a": "1"})
    with over_http(house.root, TOKEN) as address:
        checkout = Repository(cache, origin(f"{address}/shop.git"), TOKEN).checkout()
        kept = b"".join(path.read_bytes() for path in cache.rglob("*") if path.is_file())

        assert TOKEN.encode() not in kept
        assert texts(checkout) == {"a": "1"}


@pytest.mark.parametrize("token", ["", "another-token"])
def test_without_the_right_token_the_way_in_is_told(token: str, house: GitHouse, cache: Path) -> None:
    house.commit({"a": "1"})
    with over_http(house.root, TOKEN) as address, pytest.raises(GitError) as raised:
        Repository(cache, origin(f"{address}/shop.git"), token).checkout()

    assert raised.value.what == f"{address}/shop.git does not let us in."
    assert "WEBDUH_GIT_TOKEN" in raised.value.hint
    assert not token or token not in str(raised.value)


def test_the_token_is_for_the_repositorys_own_host_alone() -> None:
    env = environment(origin("https://example.com:8443/a.git"), TOKEN, outer={})
    keys = {value for name, value in env.items() if name.startswith("GIT_CONFIG_KEY") and "credential" in value}

    assert keys == {"credential.https://example.com:8443.helper"}
    assert [name for name, value in env.items() if TOKEN in value] == ["WEBDUH_GIT_TOKEN"]
    assert TOKEN not in environment(origin("http://example.com/a.git"), TOKEN, outer={}).values()


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("file:///nowhere/shop.git", "There is no repository file:///nowhere/shop.git."),
        ("http://127.0.0.1:9/shop.git", "http://127.0.0.1:9/shop.git cannot be reached."),
        ("ssh://git@127.0.0.1:9/shop.git", "ssh://git@127.0.0.1:9/shop.git cannot be reached."),
    ],
)
def test_a_repository_that_is_not_there_or_not_reached_is_told_apart(url: str, what: str, cache: Path) -> None:
    with pytest.raises(GitError) as raised:
        Repository(cache, origin(url)).checkout()
    assert raised.value.what == what


def test_a_repository_that_the_host_does_not_have_is_named(house: GitHouse, cache: Path) -> None:
    with over_http(house.root) as address, pytest.raises(GitError) as raised:
        Repository(cache, origin(f"{address}/other.git")).checkout()
    assert raised.value.what == f"There is no repository {address}/other.git."


def test_no_git_is_an_error_in_words(house: GitHouse, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(GitError, match="git cannot be run"):
        Repository(cache, origin(house.url)).checkout()
