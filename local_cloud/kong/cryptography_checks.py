"""Certificates and keys in PEM, and JSON web keys."""

from __future__ import annotations

import functools
import hashlib
import json
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

# What OpenSSL says of a text without a PEM block.
_NO_CERTIFICATE = (
    "invalid certificate: x509.new: error:680008E:asn1 encoding routines:asn1_d2i_read_bio:"
    "not enough data:crypto/asn1/a_d2i_fp.c:283:"
)
_NO_KEY = "invalid key: pkey.new:load_key: no decoder takes it"
_NOT_AN_AUTHORITY = 'certificate does not appear to be a CA because it is missing the "CA" basic constraint'


@functools.lru_cache(maxsize=1024)
def _certificate(text: str) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(text.encode())
    except ValueError:
        return None


@functools.lru_cache(maxsize=1024)
def _public_of_private(text: str) -> bytes | None:
    try:
        key = serialization.load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return _encoded(key.public_key())


def _public(text: str) -> bytes | None:
    try:
        return _encoded(serialization.load_pem_public_key(text.encode()))
    except (ValueError, UnsupportedAlgorithm):
        return None


def _encoded(key: Any) -> bytes:
    encoding, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    encoded: bytes = key.public_bytes(encoding, form)
    return encoded


def certificate_problem(text: str) -> str | None:
    return None if _certificate(text) else _NO_CERTIFICATE


def private_key_problem(text: str) -> str | None:
    return None if _public_of_private(text) else _NO_KEY


def public_key_problem(text: str) -> str | None:
    return None if _public(text) or _certificate(text) else "invalid key"


def pair_problem(pair: dict[str, Any]) -> str | None:
    public, private = pair.get("public_key"), pair.get("private_key")
    if private is not None and not _public_of_private(private):
        return "could not load private key"
    if public is not None and not _public(public):
        return "could not load public key"
    if public and private and _public(public) != _public_of_private(private):
        return "public key does not match private key"
    return None


def belong_together(certificate: str, key: str) -> bool:
    known = _certificate(certificate)
    return known is not None and _encoded(known.public_key()) == _public_of_private(key)


def same_kind(first: str, second: str) -> bool:
    certificates = _certificate(first), _certificate(second)
    kinds = {type(certificate.public_key()) for certificate in certificates if certificate}
    return len(kinds) == 1


def authority_problem(text: str) -> str | None:
    certificate = _certificate(text)
    if certificate is None:
        return None
    if text.count("-----BEGIN CERTIFICATE-----") > 1:
        return "please submit only one certificate at a time"
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return _NOT_AN_AUTHORITY
    return None if constraints.ca else _NOT_AN_AUTHORITY


def digest(text: str) -> str:
    """SHA-256 of the certificate, as hexadecimal digits."""
    certificate = _certificate(text)
    encoded = certificate.public_bytes(serialization.Encoding.DER) if certificate else text.encode()
    return hashlib.sha256(encoded).hexdigest()


def json_web_key_problem(text: str, kid: str | None) -> str | None:
    try:
        key = json.loads(text)
    except ValueError:
        return "could not json decode jwk string"
    if not isinstance(key, dict) or key.get("kid") != kid:
        return "kid in jwk.kid must be equal to keys.kid"
    return None
