"""webduh console: deploy your own apps to your own machines."""

__version__ = "0.1.0"
