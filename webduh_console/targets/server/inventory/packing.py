"""What a script writes, packed on the way: of thousands of lines that are much alike, a tenth."""

import zlib

from webduh_console.errors import TargetError
from webduh_console.transport.machine import Answer


def packed(script: str) -> str:
    """The same script, which writes what `unpacked` reads."""
    return f"{{\n{script}\n}} | gzip -1"


def unpacked(answer: Answer, place: str, what: str) -> bytes:
    """What the script wrote; TargetError says `what` cannot be done on `place` when it could not."""
    if not answer.out:
        why = answer.err.strip() or f"It ended with {answer.code} and wrote nothing."
        raise TargetError(f"{what} on {place}.", why=why, kept="Nothing was changed.")
    try:
        return zlib.decompress(answer.out, wbits=31)
    except zlib.error as error:
        raise TargetError(f"{what} on {place}.", why=f"Its answer is cut off: {error}.") from error
