"""Does every fault after every line of every kind of deployment, and prints what came of it: `python all_faults.py`.

Words choose kinds, faults and topologies; none of a sort: all of it. `part=2/5` does the second of every five, so that
a long run can be shared out. Exits with 1 if any case is not clean.
"""

import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import host
import lifetime
from fault_kinds import KINDS
from fault_runs import Bench, Result
from fault_world import lanes
from faults import TOPOLOGIES, Case, Fault, Topology, all_cases, chosen_cases, rebooted_cases
from server import Server
from servers import Testbed

LANES = int(os.environ.get("WEBDUH_LANES", "4"))
HEADINGS = ("kind", "line", "fault", "servers", "faulted", "next", "silent", "verdict")
WIDTHS = (11, 26, 13, 8, 9, 10, 7)


def main(words: Sequence[str]) -> int:
    """0 when every case is clean, 1 when one is not, 2 when a word is none of ours."""
    only = [word.removeprefix("line=") for word in words if word.startswith("line=")]
    parts = [word.removeprefix("part=").partition("/") for word in words if word.startswith("part=")]
    start, step = next(((int(which) - 1, int(of)) for which, _, of in parts), (0, 1))
    words = [word for word in words if not word.startswith(("line=", "part="))]
    if unknown := set(words) - {*KINDS, *get_args(Fault), *TOPOLOGIES, "chosen"}:
        there = " ".join((*KINDS, *get_args(Fault), *TOPOLOGIES))
        print(f"There is no {', '.join(sorted(unknown))}. There is: {there}.")
        return 2
    if why := host.missing():
        print(f"No testbed can be raised: {why}.", file=sys.stderr)
        return 1
    began = time.monotonic()
    with (
        lifetime.used(Testbed()) as there,
        lifetime.some_of(there) as servers,
        tempfile.TemporaryDirectory() as folder,
    ):
        for server in servers:
            server.reset()
        results = _run(servers, Path(folder), words, only, slice(start, None, step))
    print(_summary(results, time.monotonic() - began))
    return int(any(result.wrong for result in results))


def _run(
    servers: Sequence[Server], folder: Path, words: Sequence[str], only: Sequence[str], part: slice
) -> list[Result]:
    telling = threading.Lock()

    def tell(result: Result) -> None:
        with telling:
            print(_row(result), flush=True)
            if result.wrong:
                print(f"    {_words(result.case)}", result.wrong, *result.said, sep="\n    ", flush=True)

    with lanes(servers, folder, LANES) as made:
        bench = Bench(made, [name for name in KINDS if name in words] or KINDS)
        seen = bench.seen()
        faults: list[Fault] = [fault for fault in get_args(Fault) if fault in words] or list(get_args(Fault))
        where: list[Topology] = [each for each in TOPOLOGIES if each in words] or list(TOPOLOGIES)
        cases = chosen_cases(seen) if "chosen" in words else [*all_cases(seen), *rebooted_cases(seen)]
        cases = [case for case in cases if case.topology in where and case.fault in faults]
        cases = [case for case in cases if not only or case.act in only][part]
        print(f"{len(cases)} cases, {len(made)} at once.\n{_line(HEADINGS)}", flush=True)
        return bench.run(cases, tell)


def _row(result: Result) -> str:
    case = result.case
    fault = f"{case.fault} all" if case.everywhere else case.fault
    verdict = "WRONG" if result.wrong else "clean"
    silent = f"{result.silent:.1f} s" if KINDS[case.kind].serves else "-"
    line = case.line if case.topology == "three" else case.act
    return _line((case.kind, line, fault, case.topology, result.client, result.then, silent, verdict))


def _line(words: Sequence[str]) -> str:
    return " ".join([*(word.ljust(width) for word, width in zip(words, WIDTHS, strict=False)), words[-1]])


def _words(case: Case) -> str:
    return " ".join((case.kind, case.line, case.fault, case.topology))


def _summary(results: Sequence[Result], seconds: float) -> str:
    lines = [f"\n{len(results)} cases in {seconds / 60:.0f} min."]
    for fault in get_args(Fault):
        own = [result for result in results if result.case.fault == fault]
        ends = ", ".join(f"{count} {how}" for how, count in Counter(r.client for r in own).most_common())
        calm = [r.silent for r in own if KINDS[r.case.kind].serves and not KINDS[r.case.kind].pauses]
        silent = max(calm, default=0.0)
        wrong = sum(bool(result.wrong) for result in own)
        lines.append(f"{fault}: {len(own)} cases ({ends}); at most {silent:.1f} s unanswered; {wrong} not clean")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
