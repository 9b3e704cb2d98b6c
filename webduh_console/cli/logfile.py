"""Where defects are written: a file, never the screen."""

import logging

from webduh_console.config.home import home


class LogFile(logging.Handler):
    """Appends to `<data>/log/webduh.log`; nothing is opened or made before there is something to write."""

    def emit(self, record: logging.LogRecord) -> None:
        """Append one record with its traceback."""
        try:
            path = home().made().data / "log" / "webduh.log"
            path.parent.mkdir(exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(self.format(record) + "\n")
        except Exception:  # noqa: BLE001 - logging's own rule: a handler never raises
            self.handleError(record)


def log_to_file() -> None:
    """Send everything that is logged there."""
    handler = LogFile()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.raiseExceptions = False
