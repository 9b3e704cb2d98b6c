# Docker's init script raises its limits; a machine without CAP_SYS_RESOURCE cannot, and does without.
ulimit() { command ulimit "$@" 2>/dev/null || true; }
