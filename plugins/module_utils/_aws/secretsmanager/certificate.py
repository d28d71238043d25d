# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Self-signed server certificates, for clients that trust exactly this one. Pure but for the key's randomness."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any

from ..._core.errors import InvalidInput, PlatformError

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
except ImportError:  # ansible-core brings it; where modules run without, `validate` says that it is missing
    x509 = None  # type: ignore[assignment]

CERTIFICATE, PRIVATE_KEY = "certificate", "private_key"  # fields of the secret
_LONGEST_COMMON_NAME = 64
# Clocks of clients may run behind.
_BACKDATED = datetime.timedelta(hours=1)


def names(recipe: Mapping[str, Any]) -> list[str]:
    """The names a certificate is for, without repetition."""
    return list(dict.fromkeys([recipe["domain_name"], *(recipe["subject_alternative_names"] or [])]))


def validate(option: str, recipe: Mapping[str, Any]) -> None:
    """Raise InvalidInput for a certificate that cannot be made, or would be renewed at once."""
    if x509 is None:
        raise PlatformError(f"{option} needs the Python package cryptography: install it")
    for name in names(recipe):
        labels = name.removeprefix("*.").split(".")
        if not all(label and len(label) <= 63 and label.isascii() and " " not in label for label in labels):
            raise InvalidInput(f"{option}.domain_name", name, "is no DNS name: give one such as api.example.com")
    if recipe["validity_days"] < 1:
        raise InvalidInput(f"{option}.validity_days", recipe["validity_days"], "is too short: give a day or more")
    if not 0 <= recipe["renew_days_before"] < recipe["validity_days"]:
        remedy = f"is not below validity_days, {recipe['validity_days']}: give fewer days"
        raise InvalidInput(f"{option}.renew_days_before", recipe["renew_days_before"], remedy)


def generate(recipe: Mapping[str, Any], now: datetime.datetime) -> dict[str, str]:
    """A P-256 key and its certificate, valid from `now`, both as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = _certificate(recipe, key, now).public_bytes(serialization.Encoding.PEM)
    return {CERTIFICATE: public.decode(), PRIVATE_KEY: private.decode()}


def suits(text: str, recipe: Mapping[str, Any], now: datetime.datetime) -> bool:
    """Whether a secret's value is a key with its certificate, as the recipe says and not yet to be renewed."""
    try:
        fields = json.loads(text)
        certificate = x509.load_pem_x509_certificate(fields[CERTIFICATE].encode())
        key = serialization.load_pem_private_key(fields[PRIVATE_KEY].encode(), None)
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (ValueError, TypeError, KeyError, AttributeError, x509.ExtensionNotFound):
        return False
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return (
        set(extension.value.get_values_for_type(x509.DNSName)) == set(names(recipe))
        and end - start == _BACKDATED + datetime.timedelta(days=recipe["validity_days"])
        and now < end - datetime.timedelta(days=recipe["renew_days_before"])
        and key.public_key() == certificate.public_key()
    )


def _certificate(recipe: Mapping[str, Any], key: Any, now: datetime.datetime) -> Any:
    alternatives = [x509.DNSName(name) for name in names(recipe)]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names(recipe)[0][:_LONGEST_COMMON_NAME])])
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + datetime.timedelta(days=recipe["validity_days"]))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
