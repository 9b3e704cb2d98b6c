"""What a Python app has to do with a package.json beside it: a front end of its own, or somebody else's app."""

from webduh_console.frameworks import Source, table
from webduh_plugins.python_entry import Entry

_SERVES = ("next", "nuxt", "@remix-run/serve", "@sveltejs/kit", "@nestjs/core", "express", "fastify", "astro")


def front_end(source: Source, begin: Entry) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The frameworks that this app makes unnecessary, and those that it needs: `node` for a front end that is built.

    A package.json that starts a server of its own is an app of its own: then nobody is made unnecessary.
    """
    if not source.exists("package.json"):
        return (), ()
    found = source.json("package.json")
    scripts, names = table(found, "scripts"), {**table(found, "dependencies"), **table(found, "devDependencies")}
    serves = any(name in names for name in _SERVES) or "start" in scripts
    if serves and begin.variant != "django":
        return (), ()
    return ("node",), ("node",) if "build" in scripts else ()
