"""The list of targets."""

from datetime import datetime

import msgspec
import pytest

from webduh_console.errors import UsageError
from webduh_console.model.registry import Registry
from webduh_console.state.store import State
from webduh_console.state.targets import TargetEntry


def test_targets_are_listed_by_name_and_forgotten(state: State, noon: datetime) -> None:
    prod = TargetEntry("prod", "server", "ssh://deploy@10.0.0.5", "", noon)
    edge = TargetEntry("edge", "server", "ssh://root@10.0.0.6:2222", "/home/ada/.ssh/edge", noon)
    state.targets.add(prod)
    state.targets.add(edge)
    assert state.targets.all() == [edge, prod]
    assert state.targets.get("prod") == prod
    state.targets.remove("prod")
    assert state.targets.get("prod") is None


def test_adding_a_target_again_changes_its_key_alone(state: State, noon: datetime) -> None:
    prod = TargetEntry("prod", "server", "ssh://deploy@10.0.0.5", "", noon)
    state.targets.add(prod)
    state.targets.add(msgspec.structs.replace(prod, identity="/home/ada/.ssh/prod"))
    assert state.targets.all() == [msgspec.structs.replace(prod, identity="/home/ada/.ssh/prod")]


def test_a_name_that_stands_for_another_address_is_refused(state: State, noon: datetime) -> None:
    state.targets.add(TargetEntry("prod", "server", "ssh://deploy@10.0.0.5", "", noon))
    with pytest.raises(UsageError) as caught:
        state.targets.add(TargetEntry("prod", "server", "ssh://deploy@10.0.0.6", "", noon))
    assert caught.value.what == "There is a target prod already."
    assert caught.value.why == "It stands for ssh://deploy@10.0.0.5."
    assert state.targets.all()[0].address == "ssh://deploy@10.0.0.5"


def test_several_servers_are_one_target_until_it_is_forgotten(state: State, noon: datetime) -> None:
    servers = [TargetEntry(name, "server", f"ssh://{name}", "", noon) for name in ("a", "b", "c")]
    for server in servers:
        state.targets.add(server)
    shop = TargetEntry("shop", "servers", "", "", noon, ("a", "c"))
    state.targets.add(shop)
    state.targets.add(shop)
    assert state.targets.all() == [*servers, shop]
    assert state.targets.get("shop") == shop
    assert [state.targets.teams(name) for name in ("a", "b", "c")] == [("shop",), (), ("shop",)]
    with pytest.raises(UsageError, match="c is one of the servers of shop"):
        state.targets.remove("c")
    with pytest.raises(UsageError, match="There is a target shop already") as caught:
        state.targets.add(msgspec.structs.replace(shop, servers=("a", "b")))
    assert caught.value.why == "It stands for a, c."
    state.targets.remove("shop")
    assert state.targets.all() == servers
    state.targets.remove("c")


def test_a_target_has_one_registry_at_most_and_its_password_is_sealed(state: State, noon: datetime) -> None:
    state.targets.add(TargetEntry("a", "server", "ssh://deploy@10.0.0.5", "", noon))
    state.targets.add(TargetEntry("shop", "servers", "", "", noon, ("a",)))
    assert state.registries.get("shop") is None
    state.registries.set("shop", Registry("box:5000/team"))
    assert state.registries.get("shop") == Registry("box:5000/team")
    state.registries.set("shop", Registry("box:5000/team", "me", "open sesame"))
    assert state.registries.get("shop") == Registry("box:5000/team", "me", "open sesame")
    assert state.registries.named("shop") == Registry("box:5000/team", "me")
    state.registries.unset("shop")
    assert state.registries.get("shop") is None
    state.registries.set("shop", Registry("box:5000/team", "me", "open sesame"))
    state.targets.remove("shop")
    assert state.registries.named("shop") is None
