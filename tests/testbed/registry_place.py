"""A registry of images, as a team has one: Debian's own, with TLS by a CA that nobody else knows, and passwords."""

import ipaddress
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import bcrypt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from program import run, until
from server import Server

USER, PASSWORD = "team", "open-sesame-42"
DOCKER_CA = """
mkdir -p "/etc/docker/certs.d/$1" && cat > "/etc/docker/certs.d/$1/ca.crt"
"""


@dataclass
class RegistryPlace:
    """A registry that runs on this machine at `host`, an address of the testbed's own; `folder` is all it keeps."""

    folder: Path
    host: str
    port: int
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def address(self) -> str:
        """As `target registry` has it."""
        return f"{self.host}:{self.port}"

    def trusted_by(self, *servers: Server) -> None:
        """Let these servers trust its CA."""
        for server in servers:
            ca = (self.folder / "ca.crt").read_bytes()
            server.exec("sh", "-c", DOCKER_CA, "testbed", self.address, stdin=ca)

    def start(self) -> None:
        """Let it run, and wait until it answers."""
        path = shutil.which("docker-registry") or "docker-registry"
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([path, "serve", str(self.folder / "config.yml")], stdout=log, stderr=log)
        until(self._answers, "the registry does not answer", words=lambda: (self.folder / "log").read_text()[-2000:])

    def stop(self) -> None:
        """End it; what it keeps stays."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
            self.process = None

    def images(self) -> list[str]:
        """The repositories it keeps."""
        root = self.folder / "store" / "docker" / "registry" / "v2" / "repositories"
        return sorted(str(path.parent.relative_to(root)) for path in root.glob("**/_manifests"))

    def log(self) -> str:
        """What it wrote so far."""
        return (self.folder / "log").read_text(errors="replace")

    @contextmanager
    def full(self) -> Iterator[None]:
        """What it keeps is on a disk of 1 MiB meanwhile."""
        self.stop()
        run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(self.folder / "store"))
        try:
            self.start()
            yield
        finally:
            self.stop()
            run("umount", str(self.folder / "store"))
            self.start()

    def _answers(self) -> bool:
        context = ssl.create_default_context(cafile=str(self.folder / "ca.crt"))
        try:
            with (
                socket.create_connection((self.host, self.port), timeout=5) as plug,
                context.wrap_socket(plug, server_hostname=self.host),
            ):
                return True
        except OSError:
            return False


@contextmanager
def raised(folder: Path, host: str) -> Iterator[RegistryPlace]:
    """A registry at an address of this machine that the servers reach."""
    folder.mkdir(parents=True)
    (folder / "store").mkdir()
    with socket.socket() as free:
        free.bind((host, 0))
        port = free.getsockname()[1]
    _write_certificates(folder, host)
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    (folder / "htpasswd").write_text(f"{USER}:{hashed}\n")
    settings = {
        "version": 0.1,
        "storage": {"filesystem": {"rootdirectory": str(folder / "store")}},
        "http": {
            "addr": f"{host}:{port}",
            "tls": {"certificate": str(folder / "own.crt"), "key": str(folder / "own.key")},
        },
        "auth": {"htpasswd": {"realm": "webduh", "path": str(folder / "htpasswd")}},
    }
    (folder / "config.yml").write_text(json.dumps(settings))  # which is YAML
    place = RegistryPlace(folder, host, port)
    try:
        place.start()
        yield place
    finally:
        place.stop()


def _write_certificates(folder: Path, host: str) -> None:
    ca_key, own_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the tests' own CA")])
    own_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    ca = (
        _blank(ca_name, ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    own = _blank(own_name, ca_name, own_key.public_key()).add_extension(names, False).sign(ca_key, hashes.SHA256())
    (folder / "ca.crt").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    (folder / "own.crt").write_bytes(own.public_bytes(serialization.Encoding.PEM))
    private = own_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(folder / "own.key", os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        file.write(private)


def _blank(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
    )
