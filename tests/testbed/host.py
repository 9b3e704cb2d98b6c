"""What the testbed takes over from this machine: where its packages come from, whom it trusts, how it finds names.

No address of a registry stands in these files: a machine behind a mirror or a proxy hands on its own.
"""

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
LOCAL_AUTHORITIES = Path("/usr/local/share/ca-certificates")
# Programs ask different variables for the authorities they trust; a machine with one of its own sets them all.
CA_VARIABLES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE")
PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy")
NEEDED = ("dockerd", "docker", "iptables", "ip", "debootstrap", "ssh-keygen", "busybox", "setsid", "apt-config")


def missing() -> str:
    """Why no testbed can be raised here, in words; empty when it can."""
    if sys.platform != "linux":
        return "it needs Linux"
    if os.geteuid():
        return "it needs root"
    absent = [name for name in NEEDED if shutil.which(name) is None]
    return f"there is no {', '.join(absent)} here" if absent else ""


@cache
def mirror() -> str:
    """Where this machine's Debian packages come from; empty for debootstrap's own choice."""
    if chosen := os.environ.get("WEBDUH_TESTBED_MIRROR"):
        return chosen
    if not re.search(r"^ID=debian$", Path("/etc/os-release").read_text(), re.MULTILINE):
        return ""
    known = _says("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages").split()
    return next((address.rstrip("/") for address in known if "security" not in address), "")


@cache
def variables() -> dict[str, str]:
    """The environment in which programs in an image reach what this machine reaches."""
    proxies = {name: os.environ.get(name) or os.environ.get(name.upper(), "") for name in PROXY_VARIABLES}
    return dict.fromkeys(CA_VARIABLES, CA_BUNDLE) | {name: value for name, value in proxies.items() if value}


@cache
def files() -> dict[str, bytes]:
    """Path in an image → content: authorities and the settings of apt, pip and npm."""
    found = {CA_BUNDLE: Path(CA_BUNDLE).read_bytes()}
    found |= {str(path): path.read_bytes() for path in sorted(LOCAL_AUTHORITIES.glob("*.crt"))}
    settings = {
        "/etc/apt/apt.conf.d/90machine": _apt_settings(),
        "/etc/pip.conf": _pip_settings(),
        "/usr/local/etc/npmrc": _npm_settings(),
    }
    return found | {path: text.encode() for path, text in settings.items() if text}


def name_servers() -> str:
    """A resolv.conf that also works where this machine's loopback cannot be reached."""
    text = Path("/etc/resolv.conf").read_text()
    behind = Path("/run/systemd/resolve/resolv.conf")
    return behind.read_text() if "nameserver 127." in text and behind.exists() else text


def mtu() -> int:
    """The largest packet, in bytes, that leaves this machine."""
    way = re.search(r"\bdev (\S+)", _says("ip", "-4", "route", "show", "default"))
    return int(Path(f"/sys/class/net/{way[1]}/mtu").read_text()) if way else 1500


def _apt_settings() -> str:
    wanted = re.compile(r"^Acquire::(https?::(Proxy|CaInfo|Verify-)|Check-|Retries)", re.IGNORECASE)
    lines = _says("apt-config", "dump").splitlines()
    return "".join(f"{line}\n" for line in lines if wanted.match(line) and '""' not in line)


def _pip_settings() -> str:
    wanted = ("index-url", "extra-index-url", "trusted-host", "timeout")
    listed = re.findall(
        r"^[^=]*?\.([a-z-]+)='(.*)'$", _says(sys.executable, "-m", "pip", "config", "list"), re.MULTILINE
    )
    lines = [f"{name} = {value}\n" for name, value in dict(listed).items() if name in wanted]
    return "".join(["[global]\n", *lines]) if lines else ""


def _npm_settings() -> str:
    if shutil.which("npm") is None:
        return ""
    registry = _says("npm", "config", "get", "registry", "--global").strip()
    return f"registry={registry}\n" if registry.startswith("http") else ""


def _says(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True, cwd="/").stdout
