"""TLS servers of every age and the clients that meet them, with certificates made for the occasion."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
import sys
import tempfile
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


def make_certificate(
    folder: Path, name: str, address: str, expired: bool, uri: str | None = None
) -> tuple[Path, Path]:
    """Write a self-signed certificate and its key (PEM) and give their paths."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = dt.datetime.now(dt.UTC)  # noqa: TID251 - an adapter: the clock itself
    begin = now - dt.timedelta(days=1500 if expired else 30)
    end = now - dt.timedelta(days=400) if expired else now + dt.timedelta(days=700)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Interlock demo plant"),
        ]
    )
    names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address(address))]
    names += [x509.UniformResourceIdentifier(uri)] if uri else []
    builder = x509.CertificateBuilder(
        subject, subject, key.public_key(), x509.random_serial_number(), begin, end
    )
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    paths = folder / f"{name}.crt.pem", folder / f"{name}.key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return paths


def context(server: bool, oldest: str, newest: str) -> ssl.SSLContext:
    """A context for the versions, down to the ones that libraries refuse unless told."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    with contextlib.suppress(ssl.SSLError):
        made.set_ciphers("ALL:@SECLEVEL=0" if oldest < "1.2" else "DEFAULT")
    made.minimum_version, made.maximum_version = VERSIONS[oldest], VERSIONS[newest]
    return made


def meet(address: str, port: int, oldest: str, newest: str, name: str | None = None) -> str:
    """Shake hands, ask for a page and give the version agreed upon."""
    with (
        socket.create_connection((address, port), 3) as stream,
        context(False, oldest, newest).wrap_socket(stream, server_hostname=name) as inside,
    ):
        inside.sendall(b"GET / HTTP/1.1\r\nHost: panel\r\nConnection: close\r\n\r\n")
        inside.recv(1024)
        return inside.version() or "none"


def serve(port: int, name: str, address: str, versions: tuple[str, str], expired: bool) -> None:
    """Answer handshakes of the versions (oldest, newest) and one request each until ended."""
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = make_certificate(Path(folder), name, address, expired)
        made = context(True, *versions)
        made.load_cert_chain(certificate, key)
    with socket.create_server(("0.0.0.0", port)) as listener:
        while True:
            threading.Thread(target=_answer, args=(made, listener.accept()[0]), daemon=True).start()


def _answer(made: ssl.SSLContext, stream: socket.socket) -> None:
    with contextlib.suppress(OSError), stream:
        stream.settimeout(5)
        with made.wrap_socket(stream, server_side=True) as inside:
            inside.recv(4096)
            inside.sendall(b"HTTP/1.1 200 OK\r\nServer: demo\r\nContent-Length: 2\r\n\r\nok")


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2], sys.argv[3], (sys.argv[4], sys.argv[5]), sys.argv[6] == "expired")
