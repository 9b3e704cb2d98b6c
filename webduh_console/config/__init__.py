"""What people write down: `webduh.yaml` of an app, and their own settings."""
