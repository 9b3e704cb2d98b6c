"""One detached process per root that runs the apps' processes and forwards requests to the live release."""
