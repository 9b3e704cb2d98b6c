"""Static generators that need no code."""

from pathlib import Path

from webduh_console.frameworks import declared

_SITES = declared(Path(__file__).with_name("sites.toml"))
HUGO = _SITES["hugo"]
ZOLA = _SITES["zola"]
MDBOOK = _SITES["mdbook"]
ANTORA = _SITES["antora"]
