"""Sites that PHP generates."""

from typing import NamedTuple

from webduh_console.frameworks import BuildPlan, BuildStep, Command, Source, Static
from webduh_plugins.php_composer import Packages, build_steps, install_steps, php_version, warnings


class Site(NamedTuple):
    """A generator: the package that tells it, what makes the site, and where."""

    name: str
    package: str
    build: Command
    folder: str


SITES = (
    Site("jigsaw", "tightenco/jigsaw", ("vendor/bin/jigsaw", "build", "production"), "build_production"),
    Site("hyde", "hyde/framework", ("php", "hyde", "build"), "_site"),
    Site("sculpin", "sculpin/sculpin", ("vendor/bin/sculpin", "generate", "--env=prod"), "output_prod"),
)
"""The generators."""


def site(found: Packages) -> Site | None:
    """The generator that makes the app."""
    return next((one for one in SITES if found.has(one.package)), None)


def plan(source: Source, found: Packages, one: Site, system: tuple[BuildStep, ...]) -> BuildPlan:
    """The site is made where PHP is, and served where it is not."""
    version = php_version(source, found)
    make = BuildStep("build the site", one.build, ("php",), outputs=(one.folder,))
    return BuildPlan(
        "php",
        "php",
        variant=one.name,
        install=install_steps(source, found),
        build=(*build_steps(found), make),
        static=Static(one.folder),
        versions={"php": version.text} if version else {},
        version_source={"php": version.file} if version else {},
        package_manager="composer",
        warnings=tuple(warnings(source, found)),
        build_apt=("unzip",),
        system=system,
    )
