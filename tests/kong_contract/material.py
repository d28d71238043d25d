"""Keys and certificates of a session, made on the spot."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

LIFETIME = datetime.timedelta(days=30)


@dataclass(frozen=True)
class Pair:
    """A private key with its public half and a self-signed certificate, in PEM."""

    private: str
    public: str
    certificate: str
    digest: str


@dataclass(frozen=True)
class Material:
    one: Pair
    two: Pair
    leaf: Pair

    def named(self) -> dict[str, str]:
        """Give the names under which cases know the texts."""
        texts: dict[str, str] = {}
        for name in ("one", "two", "leaf"):
            pair: Pair = getattr(self, name)
            texts |= {f"{name}_key": pair.private, f"{name}_public": pair.public, f"{name}_cert": pair.certificate}
            texts[f"{name}_digest"] = pair.digest
        return texts


def new_material() -> Material:
    return Material(
        new_pair("one.test", authority=True),
        new_pair("two.test", authority=True),
        new_pair("leaf.test", authority=False),
    )


def new_pair(common_name: str, *, authority: bool) -> Pair:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    return Pair(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode(),
        key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo).decode(),
        certificate.public_bytes(pem).decode(),
        certificate.fingerprint(hashes.SHA256()).hex(),
    )
