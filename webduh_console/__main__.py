"""`python -m webduh_console` is `webduh`."""

from webduh_console.cli import main

main()
