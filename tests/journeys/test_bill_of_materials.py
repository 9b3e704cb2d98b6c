"""What a release on this machine is made of."""

import json

import pytest
from world import World

pytestmark = pytest.mark.timeout(120)


def test_the_packages_of_a_release_are_listed_and_kept_with_its_record(world: World) -> None:
    app = world.app("shop")
    module = app.folder / "node_modules" / "left-pad"
    module.mkdir(parents=True)
    (app.folder / ".webduhignore").write_text("!node_modules\n")
    (module / "package.json").write_text(json.dumps({"name": "left-pad", "version": "1.3.0", "license": "WTFPL"}))
    packed = app.folder / "vendor" / "composer"
    packed.mkdir(parents=True)
    (packed / "installed.json").write_text(json.dumps({"packages": [{"name": "slim/slim", "version": "4.14.0"}]}))
    app.deploy()
    rows = world.read("sbom", app.name)
    assert ("slim/slim", "4.14.0", "composer") in [(row["name"], row["version"], row["kind"]) for row in rows]
    said = json.loads(world.good("sbom", app.name, "--cyclonedx"))
    assert (said["bomFormat"], said["metadata"]["component"]["version"]) == ("CycloneDX", "1")
    kept = world.target().layout.app(app.key) / "releases" / "1" / "sbom.json"
    assert json.loads(kept.read_bytes()) == said
    assert world.good("sbom", app.name, "--release", "1", "--cyclonedx") == world.good("sbom", app.name, "--cyclonedx")


def test_what_is_not_there_is_said(world: World) -> None:
    app = world.app("bare")
    app.deploy()
    assert "holds nothing that a package manager put there" in world.good("sbom", app.name)
    world.refused(2, "sbom", app.name, "--release", "9", says=("has no release 9",))
