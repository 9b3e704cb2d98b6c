"""The stages of an image, written one after another."""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from webduh_console.frameworks.render import packages, site
from webduh_console.frameworks.render.bases import BASES, Base, Brought, base_of, brought, found, version_of
from webduh_console.frameworks.render.offered import SECRETS_DIGEST, Offer
from webduh_console.frameworks.render.words import copy, exec_form, run, settings, text_file
from webduh_console.model.build import BuildPlan, BuildStep, Command, Static

FOLDER = "/app"
"""Where the app is in the image: its working folder."""

DEFAULT_PORT = 8080
"""The port an app listens on that reads PORT. No two containers share one, so it is always the same."""

USER = "10001:10001"
"""Who runs the app: nobody else's number on a server."""

_HOME = "/home/app"
_APT = "DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends"
_APT_CACHES = ("/var/cache/apt", "/var/lib/apt")


class Order(NamedTuple):
    """What is to be rendered. `own` are the plugin's variables that nobody overruled, `app` is the app's slug."""

    plan: BuildPlan
    offer: Offer = Offer()
    own: Mapping[str, str] = {}  # a tuple's default: never changed
    app: str = "app"
    bases: Mapping[str, Base] = BASES

    @property
    def port(self) -> int:
        """What the app listens on in its container."""
        return self.plan.port or DEFAULT_PORT


class Stages:
    """The text of a Dockerfile, and the images and caches it names."""

    def __init__(self, order: Order) -> None:
        self._order, self._plan = order, order.plan
        self._tools = packages.tools_of(order.plan)
        self._apart = packages.installed_apart(order.plan)
        self._alone = packages.stands_alone(order.plan)
        self._pruned = None if self._alone else packages.for_production(order.plan)
        self._blocks: list[list[str]] = []
        self._key = base_of(order.plan)
        self._brought = brought(order.plan, self._key)
        self._equipped = bool(self._tools or self._brought or order.plan.build_apt)
        self._system = bool(order.plan.apt or order.plan.system) and not order.plan.runs_on
        self._changed = packages.changed_by_build(order.plan, self._apart)
        self._helpers = packages.helpers(order.plan, self._brought)
        self.images: list[str] = []
        self.caches: list[str] = []

    @property
    def _kept(self) -> list[str]:
        """The folders of dependencies that the app runs with, as they were installed."""
        return [output for output in self._apart if output not in (*self._helpers, *self._changed)]

    @property
    def text(self) -> str:
        """Everything that was written, a block a stage."""
        return "\n".join("".join(f"{line}\n" for line in block) for block in self._blocks)

    def write(self) -> None:
        """Write every stage the plan needs, the one that runs last."""
        plan = self._plan
        made = plan.static is None or plan.install or plan.build
        self._blocks.append(self._head())
        if self._system and made:
            self._lent()
            self._furnish(self._from(self._image(self._key), "system", *self._why_version(self._key)))
        if self._equipped and made:
            self._tooled()
        if plan.install or plan.build:
            self._made()
        if plan.static is not None:
            self._served(plan.static)
        else:
            self._run()

    def _head(self) -> list[str]:
        plan, order = self._plan, self._order
        what = f"{plan.framework} ({plan.variant})" if plan.variant else plan.framework
        return [
            f"# Rendered by webduh from the build plan of an app: {_one_line(what)}.",
            "# To take it over, keep it as Dockerfile in the app's folder, with a .dockerignore: that is built then.",
            f"# By hand: docker build -t NAME . && docker run --init -p {order.port}:{order.port} NAME",
        ]

    def _from(self, image: str, name: str, *before: str) -> list[str]:
        block = [*before, f"FROM {image} AS {name}"]
        self._blocks.append(block)
        return block

    def _language(self, name: str, *before: str) -> list[str]:
        """A stage on the language's image, or on the stage that adds to it what is needed."""
        words = packages.runs_with(self._plan, [tool.name for tool in self._tools], self._brought)
        if self._equipped and (name != "app" or words):
            return self._from("tools", name, *before)
        if self._system:
            return self._from("system", name, *before)
        return self._from(self._image(self._key), name, *before, *self._why_version(self._key))

    def _image(self, key: str) -> str:
        """The name of a base's image, in the version that the app gets."""
        version, _ = version_of(self._plan, self._order.bases, key)
        image = found(self._order.bases, key).named(version)
        self.images.append(image)
        return image

    def _why_version(self, key: str) -> list[str]:
        """Where the version comes from, said once."""
        base = found(self._order.bases, key)
        version, suits = version_of(self._plan, self._order.bases, key)
        asked = self._plan.versions.get(base.follows or key, "")
        if not asked or self.images.count(base.named(version)) > 1:
            return []
        file = self._plan.version_source.get(base.follows or key) or "the app"
        heeded = "asks for" if suits else "asks for what is not understood,"
        return [f"# {base.name} {version}: {_one_line(file)} {heeded} {_one_line(asked)}."]

    def _lent(self) -> None:
        """The stages whose programs equip the machine."""
        for key in packages.lenders(self._plan.system):
            self._from(self._image(key), key, *self._why_version(key))

    def _furnish(self, block: list[str]) -> None:
        """What the machine is equipped with. Programs that do so are lent while they run, and leave nothing behind."""
        block += [self._apt(self._plan.apt)] if self._plan.apt else []
        for step in self._plan.system:
            lent = [
                f"--mount=type=bind,from={key},source={path},target={path}"
                for key in packages.lenders((step,))
                for path in (BASES[key].brought or Brought(())).copy
            ]
            block += self._step(step.run, packages.environment(step), step.caches, more=lent)

    def _tooled(self) -> None:
        """The stage that has every program that the steps call."""
        for key in self._brought:
            if key not in packages.lenders(self._plan.system):
                self._from(self._image(key), key, *self._why_version(key))
        base = "system" if self._system else self._image(self._key)
        block = self._from(base, "tools", *([] if self._system else self._why_version(self._key)))
        if self._plan.build_apt:
            block.append(self._apt(self._plan.build_apt))
        for key in self._brought:
            block += _taken(key, found(BASES, key).brought or Brought(()))
        for tool in self._tools:
            block += self._step(("sh", "-c", tool.line), {}, caches=(tool.cache,))

    def _apt(self, names: Sequence[str]) -> str:
        """The line that installs Debian packages; what is fetched for it stays in a cache, not in the image."""
        first, *more = [self._cache(path) for path in _APT_CACHES]
        words = ("rm -f /etc/apt/apt.conf.d/docker-clean", "&& apt-get update -q", f"&& {_APT} {shlex.join(names)}")
        return " \\\n    ".join([f"RUN {first}", *more, *words])

    def _made(self) -> None:
        """The stages that install and build, and are left behind."""
        apart = bool(self._apart)
        if apart:
            block = self._language("dependencies", "# Made anew only when one of the copied files changes.")
            block += [f"WORKDIR {FOLDER}", *_copies(self._plan.install)]
            self._install(block)
        if apart and self._pruned:
            block = self._from("dependencies", "production", "# Without what is only needed to build.")
            block += self._step(self._pruned, {}, caches=self._caches_of(self._plan.install))
        if self._plan.build or not apart:
            block = self._language("build")
            block += [f"WORKDIR {FOLDER}", "COPY . .", *self._files()]
            block += [copy([f"{FOLDER}/{name}"], f"./{name}", "--from=dependencies") for name in self._changed]
            if not apart:
                self._install(block)
            self._build(block)

    def _install(self, block: list[str]) -> None:
        if self._plan.install:
            block += [f"ARG {name}" for name in self._order.offer.installing]
        for step in self._plan.install:
            block += self._step(step.run, packages.environment(step), step.caches, self._order.offer.unlocking)

    def _build(self, block: list[str]) -> None:
        plan, offer = self._plan, self._order.offer
        if plan.build:
            block += _env(self._order.own)
            block += [f"ARG {name}" for name in (*offer.arguments, *((SECRETS_DIGEST,) if offer.secrets else ()))]
        for step in plan.build:
            caches = (*step.caches, *packages.kept_between_builds(plan))
            mounted = [name for name in self._apart if name not in self._changed]
            block += self._step(step.run, packages.environment(step), caches, offer.secrets, mounted)
        if not self._apart and self._pruned:
            block += self._step(self._pruned, {}, caches=self._caches_of(plan.install))
        if self._helpers and not self._apart and not plan.runtime:
            block.append(f"RUN {run(('rm', '-rf', *self._helpers), {})}")
        for folder in packages.written(plan):
            block.append(f"RUN {run(('chown', '-R', USER, folder), {})}")
        if plan.static is not None and plan.static.dir != ".":
            block.append(_something_in(plan.static.dir))

    def _run(self) -> None:
        """The stage that runs: the base, the dependencies that production needs, the app."""
        plan = self._plan
        block = self._final() if plan.runs_on else self._language("app")
        block += [f"WORKDIR {FOLDER}", _user(), *_env(self._environment())]
        made = bool(plan.build) or bool(plan.install and not self._apart)
        if plan.runtime:
            built = ("--from=build",) if made else ()
            block += [copy([f"{FOLDER}/{path}" if made else path], f"./{path}", *built) for path in plan.runtime]
        elif self._alone:
            block.append(copy([f"{FOLDER}/{self._alone}"], f"./{self._alone}", "--from=build"))
        else:
            origin = "production" if self._pruned else "dependencies"
            block += [copy([f"{FOLDER}/{output}"], f"./{output}", f"--from={origin}") for output in self._kept]
            block += [f"COPY --from=build {FOLDER} ./"] if made else ["COPY . .", *self._files()]
        block += _volumes(plan)
        command = plan.start or next(one.command for one in plan.processes if one.command)
        stop = found(self._order.bases, plan.runs_on or self._key).stop
        block += [f"USER {USER}", *self._checks(), f"EXPOSE {self._order.port}"]
        block += [*([f"STOPSIGNAL {stop}"] if stop else ()), "ENTRYPOINT []"]
        block.append(f"CMD {exec_form(in_image(command, self._order.port))}")

    def _files(self) -> list[str]:
        """The texts that the plan brings."""
        return [line for path, text in self._plan.files.items() for line in text_file(f"./{path}", text)]

    def _final(self) -> list[str]:
        """The stage that runs, where that is another image than the one it is built on."""
        plan = self._plan
        self._lent()
        block = self._from(self._image(plan.runs_on), "app", *self._why_version(plan.runs_on))
        self._furnish(block)
        return block

    def _checks(self) -> list[str]:
        """What must hold in the image, asked as whoever will run there."""
        told = ((check, f"echo {shlex.quote(check.why)} >&2; exit 1") for check in self._plan.checks)
        return [f"RUN --network=none {run(check.run, {})} || {{ {says}; }}" for check, says in told]

    def _environment(self) -> dict[str, str]:
        given = {
            "HOST": "0.0.0.0",
            "PORT": str(self._order.port),
            **found(self._order.bases, self._plan.runs_on or self._key).env,
        }
        if ".venv" in {output for step in self._plan.install for output in step.outputs}:
            given["PATH"] = f"{FOLDER}/.venv/bin:$PATH"
        return {**given, **self._order.own}

    def _served(self, static: Static) -> None:
        """The stage that serves files: nginx with settings of its own."""
        made = bool(self._plan.install or self._plan.build)
        block = self._from(self._image("site"), "app", "# Nothing but a file server and the files.")
        conf = site.nginx(static, self._order.port)
        block += ["COPY <<'NGINX' /etc/nginx/nginx.conf", *conf.splitlines(), "NGINX"]
        if made:
            block.append(copy([f"{FOLDER}/{static.dir}" if static.dir != "." else FOLDER], site.ROOT, "--from=build"))
        else:
            block.append(copy([static.dir], site.ROOT))
        # QUIT lets nginx finish the requests it is answering.
        block += [f"USER {USER}", f"EXPOSE {self._order.port}", "STOPSIGNAL SIGQUIT", "ENTRYPOINT []"]
        block.append(f"CMD {exec_form(('nginx', '-e', 'stderr', '-g', 'daemon off;'))}")

    def _step(
        self,
        command: Command,
        env: Mapping[str, str],
        caches: Iterable[str] = (),
        secrets: Sequence[str] = (),
        folders: Iterable[str] = (),
        more: Iterable[str] = (),
    ) -> list[str]:
        """A RUN with its mounts: `more`, caches, folders of the dependencies that it may write to in vain, secrets."""
        mounts = [*more, *(self._cache(path) for path in dict.fromkeys(caches))]
        mounts += [
            f"--mount=type=bind,from=dependencies,source={FOLDER}/{name},target={FOLDER}/{name},rw" for name in folders
        ]
        mounts += [f"--mount=type=secret,id={name},required=true" for name in secrets]
        lines = [*mounts, run(command, env, secrets)]
        return [" \\\n    ".join([f"RUN {lines[0]}", *lines[1:]])]

    def _cache(self, path: str) -> str:
        """A mount that survives builds: of a package manager shared by all apps, of a folder inside an app its own."""
        home = path.startswith(("~/", "/"))
        word = re.sub(r"[^A-Za-z0-9]+", "-", path).strip("-")
        name = f"webduh-{word}" if home else f"webduh-{self._order.app}-{word}"
        target = path.replace("~", "/root", 1) if path.startswith("~/") else path if home else f"{FOLDER}/{path}"
        self.caches.append(name)
        return f"--mount=type=cache,id={name},target={_csv(target)},sharing=locked"

    def _caches_of(self, steps: Iterable[BuildStep]) -> tuple[str, ...]:
        return tuple(cache for step in steps for cache in step.caches)


def in_image(command: Command, port: int) -> Command:
    """A plan's command as it is started in the image: `${PORT}` is the port there, which never changes."""
    return tuple(word.replace("${PORT}", str(port)) for word in command)


def _something_in(folder: str) -> str:
    """The line that ends a build which left nothing to serve, with what there is instead."""
    says = f"The build left nothing in {folder}: say `static: FOLDER` in webduh.yaml. There is:"
    word = shlex.quote(folder)
    return f'RUN test -n "$(ls -A {word} 2>/dev/null)" || {{ echo {shlex.quote(says)} * >&2; exit 1; }}'


def _taken(key: str, how: Brought) -> list[str]:
    """The lines that bring programs over from the stage of their image."""
    lines = [copy([path], path, f"--from={key}") for path in how.copy]
    links = " && ".join(f"ln -s {shlex.join((target, name))}" for name, target in how.link.items())
    return [*lines, *([f"RUN {links}"] if links else ())]


def _copies(steps: Iterable[BuildStep]) -> list[str]:
    """The files that steps depend on, a COPY for each folder they are in."""
    folders: dict[str, list[str]] = {}
    for path in dict.fromkeys(path for step in steps for path in step.inputs):
        folders.setdefault(path.rpartition("/")[0], []).append(path)
    return [copy(paths, f"./{folder}/" if folder else "./") for folder, paths in folders.items()]


def _user() -> str:
    """The line that makes the user, with a home it may write to."""
    number = USER.partition(":")[0]
    return " \\\n    && ".join(
        (
            f"RUN echo 'app:x:{number}:{number}::{_HOME}:/bin/sh' >> /etc/passwd",
            f"echo 'app:x:{number}:' >> /etc/group",
            f"mkdir -p {_HOME}",
            f"chown {USER} {_HOME}",
        )
    )


def _volumes(plan: BuildPlan) -> list[str]:
    """What makes the folders that the app writes to, volumes among them, the user's, with what the source brings there.

    A new volume begins as that. It comes after the source is copied, since a COPY takes a folder it finds over for
    root.
    """
    if not plan.volumes and not plan.writes:
        return []
    words = shlex.join(dict.fromkeys((*plan.writes, *(volume.path for volume in plan.volumes))))
    return [f"RUN {run(('sh', '-c', f'mkdir -p {words} && chown -R {USER} {words}'), {})}"]


def _env(values: Mapping[str, str]) -> list[str]:
    """One ENV with all values; PATH alone may name what was before."""
    rest = {name: value for name, value in values.items() if name != "PATH"}
    words = [*settings(rest), *([f'PATH="{values["PATH"]}"'] if "PATH" in values else ())]
    return ["ENV " + " \\\n    ".join(words)] if words else []


def _csv(path: str) -> str:
    """A value among the options of a mount, which are separated by commas."""
    return f'"{path}"' if "," in path else path


def _one_line(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text)
