"""TLS of the listeners: contexts, and a certificate where none is configured."""

from __future__ import annotations

import datetime
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local_cloud.kong.settings import Settings, pem

_LIFETIME = datetime.timedelta(days=3650)


def listener_context(settings: Settings, listener: str) -> ssl.SSLContext | None:
    """For the listeners `admin` or `status`; None when none of them speaks TLS. Raises SettingError."""
    if not any(item.ssl for item in getattr(settings, f"{listener}_listen")):
        return None
    certificate: tuple[str, ...] = getattr(settings, f"{listener}_ssl_cert")
    key: tuple[str, ...] = getattr(settings, f"{listener}_ssl_cert_key")
    pair = (pem(certificate[0]), pem(key[0])) if certificate and key else self_signed("localhost")
    return server_context(*pair)


def server_context(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    load_pair(context, certificate, key)
    return context


def load_pair(context: ssl.SSLContext, certificate: str, key: str) -> None:
    with _in_memory(certificate) as certificate_path, _in_memory(key) as key_path:
        context.load_cert_chain(certificate_path, key_path)


@contextmanager
def _in_memory(text: str) -> Iterator[str]:
    """A path for an API that reads files only; the text never reaches a disk."""
    descriptor = os.memfd_create("pem")
    try:
        os.write(descriptor, text.encode())
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def self_signed(name: str) -> tuple[str, str]:
    """As Kong makes one up when none is configured."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()
