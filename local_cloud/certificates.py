"""The local certificate authority."""

from __future__ import annotations

import datetime
import ipaddress
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

_LIFETIME = datetime.timedelta(days=395)
# The nodes of a Redis cluster are each other's clients, with the certificate they serve.
_USAGES = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
# Clocks of clients may run behind.
_BACKDATED = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class Certificate:
    """PEM files: the certificate followed by its chain, and its private key (mode 600)."""

    certificate: Path
    key: Path


class Authority:
    """Issues server certificates that verify against `ca.pem`."""

    def __init__(self, state: Path):
        self.certificate = state / "ca.pem"
        self._folder = state / "certificates"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("trademaster.platform local cloud CA (not for production)")
        self._certificate = self._create()
        self.certificate.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def issue(
        self, owner: str, names: Sequence[str] = (), ips: Sequence[str] = (), key: PrivateKey | None = None
    ) -> Certificate:
        """Issue (again) the certificate of `owner` for DNS names and IP addresses; names[0] is its subject.

        `key` is an elliptic curve key on P-256 unless one is given.
        """
        key = key or ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(key.public_key(), names, ips)
        base = self._folder / owner.replace("/", "-").replace(":", "-")
        result = Certificate(base.with_name(f"{base.name}.pem"), base.with_name(f"{base.name}.key"))
        with self._lock:
            _write_private(result.key, _pem(key))
            result.certificate.write_bytes(
                certificate.public_bytes(serialization.Encoding.PEM) + self.certificate.read_bytes()
            )
        return result

    def _create(self) -> x509.Certificate:
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        return (
            _builder(self._name, self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _sign(self, public: PublicKey, names: Sequence[str], ips: Sequence[str]) -> x509.Certificate:
        alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
        alternatives += [x509.IPAddress(ipaddress.ip_address(ip)) for ip in ips]
        subject = _name((list(names) + list(ips))[0])
        authority_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
        return (
            _builder(subject, self._name, public)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage(_USAGES), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(authority_key, critical=False)
            .sign(self._key, hashes.SHA256())
        )


def _name(common_name: str) -> x509.Name:
    # The common name holds 64 characters at most; clients look at the alternative names.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


def _builder(subject: x509.Name, issuer: x509.Name, key: PublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + _LIFETIME)
    )


def _pem(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_private(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
