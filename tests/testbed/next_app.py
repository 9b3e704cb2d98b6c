"""A small app of Next.js: a page made per request, one that is made again each second, a picture, a static file."""

import json
import random
import struct
import zlib
from pathlib import Path

NEXT = {"next": "16.4.6", "react": "19.2.0", "react-dom": "19.2.0"}
SIDE = 400

FILES = {
    "next.config.mjs": "export default {}\n",
    "app/layout.js": "export default ({ children }) => <html lang='en'><body>{children}</body></html>\n",
    "app/page.js": "export const dynamic = 'force-dynamic'\n"
    "export default () => <h1>{`greeting: ${process.env.GREETING}`}</h1>\n",
    "app/time/page.js": "export const revalidate = 1\nexport default () => <h1>{`made at ${Date.now()}.`}</h1>\n",
    "public/robots.txt": "User-agent: *\n",
}


def write(folder: Path, **more: object) -> Path:
    """Write the app; `more` goes into its package.json. It has no lock file, for that would have thousands of lines."""
    package = {"name": folder.name, "private": True, "scripts": {"build": "next build", "start": "next start"}}
    for path, text in FILES.items():
        whole = folder / path
        whole.parent.mkdir(parents=True, exist_ok=True)
        whole.write_text(text)
    (folder / "public/picture.png").write_bytes(picture())
    (folder / "package.json").write_text(json.dumps({**package, "dependencies": NEXT, **more}, indent=2))
    return folder


def picture() -> bytes:
    """A PNG of coloured noise, which no filter makes smaller but a smaller picture does."""
    noise = random.Random(1)
    rows = b"".join(b"\0" + noise.randbytes(3 * SIDE) for _ in range(SIDE))
    header = struct.pack(">2I5B", SIDE, SIDE, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )
