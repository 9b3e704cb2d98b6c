"""The themes that ship with the console, a TOML file each."""
