"""Files that are served as they are."""

import re

from webduh_console.frameworks import BuildPlan, Evidence, Match, Source, Static

_FOLDERS = ("public", "dist", "site", "_site", "build", "out", "www", "docs")
# Where those who serve it elsewhere have said the folder: file → the line that does.
_TOLD = {
    "Staticfile": re.compile(r"^root:\s*[\"']?([\w./-]+)", re.MULTILINE),
    "netlify.toml": re.compile(r"^\s*publish\s*=\s*[\"']([\w./-]+)", re.MULTILINE),
}
_MODULE = re.compile(r"<script[^>]+type\s*=\s*[\"']?module", re.IGNORECASE)
_MOUNT = re.compile(r"<(div|main)[^>]+id\s*=\s*[\"']?(root|app|main|svelte|__next)[\"']?[^>]*>\s*</\1>", re.IGNORECASE)


class Plugin:
    """A folder with HTML in it: at the top, or in one of the folders where sites are usually kept."""

    name = "static"
    api = 1

    def detect(self, source: Source) -> Match | None:
        """A page at the top, else an index.html in a usual folder."""
        folder = _folder(source)
        if folder is None:
            return None
        pages = _pages(source, folder)
        index = _inside(folder, "index.html")
        if index not in pages:
            return Match(self.name, "static", 0.5, (Evidence(pages[0], "is a page"),))
        evidence = [Evidence(index, "is the first page")]
        if _is_spa(source, folder):
            evidence.append(Evidence(index, "is the only page, with an empty element that a script fills"))
        return Match(self.name, "static", 0.9 if folder == "." else 0.8, tuple(evidence))

    def plan(self, source: Source, match: Match, options: dict[str, str]) -> BuildPlan:
        """The folder is served as it is. The option `dir` names another one."""
        folder = options.get("dir") or _folder(source) or "."
        index = _inside(folder, "index.html")
        warnings = () if source.exists(index) else (f"There is no {index}: / will not be found.",)
        lost = "404/index.html" if source.exists(_inside(folder, "404/index.html")) else "404.html"
        return BuildPlan(
            self.name,
            "html",
            variant="spa" if _is_spa(source, folder) else "",
            static=Static(folder, spa=_is_spa(source, folder), not_found=lost),
            warnings=warnings,
        )


def _folder(source: Source) -> str | None:
    """The folder of the site, `.` for the top; None if there is none."""
    if source.files("index.html"):
        return "."
    if source.exists("Staticfile") and not _TOLD["Staticfile"].search(source.text("Staticfile")):
        usual = next((folder for folder in ("public", "dist") if source.files(f"{folder}/*.html")), None)
        return usual or ("." if source.files("*.html") else None)
    told = (found[1].strip("/") for file, line in _TOLD.items() if (found := line.search(source.text(file))))
    nested = (folder for folder in (*told, *_FOLDERS) if source.files(f"{folder}/index.html"))
    return next(nested, "." if source.files("*.html") else None)


def _pages(source: Source, folder: str) -> tuple[str, ...]:
    return source.files(_inside(folder, "*.html"))


def _is_spa(source: Source, folder: str) -> bool:
    """One page alone, which a module script fills: its paths exist only in the browser."""
    index = _inside(folder, "index.html")
    page = source.text(index)
    return _pages(source, folder) == (index,) and bool(_MODULE.search(page) and _MOUNT.search(page))


def _inside(folder: str, path: str) -> str:
    return path if folder == "." else f"{folder}/{path}"
