"""`make bench`: all parts, one after another."""

import sys
import time
from collections.abc import Callable

from bench import charts, deploying, detecting, fleet, images, logs, servers, serving, showing, starting
from bench.house import House, house

PARTS: dict[str, Callable[[House], None]] = {
    "starting": starting.measure,
    "detecting": detecting.measure,
    "showing": showing.measure,
    "logs": logs.measure,
    "charts": charts.measure,
    "deploying": deploying.measure,
    "serving": serving.measure,
    "servers": servers.measure,
    "fleet": fleet.measure,
    "images": images.measure,
}


def main() -> int:
    """Measure the parts named, or all; each in a house of its own."""
    unknown = [name for name in sys.argv[1:] if name not in PARTS]
    if unknown:
        print(f"There is no part {unknown[0]}. There are: {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    began = time.perf_counter()
    for name in sys.argv[1:] or PARTS:
        with house() as made:
            PARTS[name](made)
    print(f"\nTook {time.perf_counter() - began:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
