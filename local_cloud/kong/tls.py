"""Server certificates of the listeners."""

from __future__ import annotations

import datetime
import ssl
import tempfile
from pathlib import Path

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
    pair = (pem(certificate[0]), pem(key[0])) if certificate and key else _self_signed("localhost")
    return _context(*pair)


def _context(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    # OpenSSL reads files only; the folder is readable by its owner alone.
    with tempfile.TemporaryDirectory() as folder:
        chain, private = Path(folder, "certificate.pem"), Path(folder, "key.pem")
        chain.write_text(certificate)
        private.write_text(key)
        context.load_cert_chain(chain, private)
    return context


def _self_signed(name: str) -> tuple[str, str]:
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
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()
