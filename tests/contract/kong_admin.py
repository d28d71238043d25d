"""What cases need of Kong's Admin API, without the client that they test."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID


@dataclass
class Admin:
    """Calls that have to succeed. What is made with `made` is removed in the end, the last first."""

    url: str
    _made: list[str] = field(default_factory=list)
    _pool: urllib3.PoolManager = field(default_factory=urllib3.PoolManager)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Content-Type": "application/json"}
        data = None if body is None else json.dumps(body)
        response = self._pool.request(method, f"{self.url}{path}", body=data, headers=headers)
        assert response.status < 300, f"{method} {path}: {response.status} {response.data!r}"
        return json.loads(response.data) if response.data else None

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def made(self, path: str, body: Any) -> Any:
        """An entity, created below the path of its collection."""
        answer = self.call("POST", path, body)
        self._made.append(f"{path}/{answer['id']}")
        return answer

    def clean_up(self) -> None:
        for path in reversed(self._made):
            self._pool.request("DELETE", f"{self.url}{path}")


@dataclass(frozen=True)
class Issued:
    """A self-signed certificate and its keys, as PEM text."""

    certificate: str
    key: str
    public_key: str


def issue(name: str, *, ca: bool = False, rsa_key: bool = False) -> Issued:
    key = rsa.generate_private_key(65537, 2048) if rsa_key else ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(tz=UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return Issued(built.public_bytes(serialization.Encoding.PEM).decode(), private.decode(), public.decode())
