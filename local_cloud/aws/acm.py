"""ACM: certificates of the local authority, issued once their validation records exist in Route53."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from moto.acm.exceptions import AWSValidationException
from moto.acm.models import AWSCertificateManagerBackend, CertBundle
from moto.acm.responses import AWSCertificateManagerResponse
from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow

from local_cloud import strict
from local_cloud.certificates import PrivateKey
from local_cloud.extensions import around, attribute, operation
from local_cloud.latency import scaled
from local_cloud.runtime import Runtime, runtime

ISSUE_SECONDS = 120.0
RECORD_SECONDS = 5.0
LOOPBACK = "127.0.0.1"

Original = Callable[..., Any]
_ISSUED = "AMAZON_ISSUED"
_DOMAIN = re.compile(r"(?=.{1,253}$)(\*\.)?([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")
_CURVES: dict[str, Callable[[], ec.EllipticCurve]] = {
    "EC_prime256v1": ec.SECP256R1,
    "EC_secp384r1": ec.SECP384R1,
    "EC_secp521r1": ec.SECP521R1,
}
_RSA = {"RSA_2048": 2048, "RSA_3072": 3072, "RSA_4096": 4096}


class RequestInProgress(AWSError):
    TYPE = "RequestInProgressException"


class ResourceInUse(AWSError):
    TYPE = "ResourceInUseException"


# -- issuing ------------------------------------------------------------------------------------------


def request_certificate(original: Original, self: AWSCertificateManagerResponse) -> ActionResult:
    names = [self._get_param("DomainName"), *(self._get_param("SubjectAlternativeNames") or [])]
    for name in names:
        if not _DOMAIN.fullmatch(name):
            raise AWSValidationException(f"Value '{name}' is not a valid domain name")
    algorithm = self._get_param("KeyAlgorithm") or "RSA_2048"
    if algorithm not in {**_CURVES, **_RSA}:
        raise AWSValidationException(f"Value '{algorithm}' at 'keyAlgorithm' is not supported")
    result: ActionResult = original(self)
    bundle = self.acm_backend._certificates[result.result["CertificateArn"]]  # noqa: SLF001 - get_certificate() checks
    extra = bundle.__dict__
    if bundle.type == _ISSUED and "local_names" not in extra:
        extra["local_names"] = list(dict.fromkeys(names))
        extra["local_key"] = _new_key(algorithm)
        extra["local_addresses"] = set()
        extra["local_methods"] = self._get_param("ValidationMethod") or "DNS"
        equip(bundle, set())
    return result


def _new_key(algorithm: str) -> PrivateKey:
    if algorithm in _RSA:
        return rsa.generate_private_key(public_exponent=65537, key_size=_RSA[algorithm])
    return ec.generate_private_key(_CURVES[algorithm]())


def equip(bundle: CertBundle, addresses: set[str]) -> None:
    """Issue the certificate for its names, loopback, and the load balancers' addresses; again when one is new."""
    extra = bundle.__dict__
    wanted = {LOOPBACK, *addresses, *extra["local_addresses"]}
    if wanted == extra["local_addresses"]:
        return
    issued = runtime().authority.issue(
        f"acm-{bundle.arn.rsplit('/', 1)[-1]}", extra["local_names"], sorted(wanted), extra["local_key"]
    )
    leaf, chain = _split(issued.certificate.read_bytes())
    bundle.cert, bundle.chain, bundle.key = leaf, chain, issued.key.read_bytes()
    bundle._key = serialization.load_pem_private_key(bundle.key, None)  # noqa: SLF001 - moto parses once
    bundle._cert = x509.load_pem_x509_certificate(leaf)  # noqa: SLF001 - moto parses once
    bundle.common_name, bundle.sans = extra["local_names"][0], extra["local_names"]
    extra["local_addresses"], extra["local_files"] = wanted, issued


def _split(pem: bytes) -> tuple[bytes, bytes]:
    marker = b"-----BEGIN CERTIFICATE-----"
    leaf, *chain = [marker + part for part in pem.split(marker)[1:]]
    return leaf, b"".join(chain)


# -- validation ---------------------------------------------------------------------------------------


def validation_record(account: str, domain: str) -> dict[str, str]:
    """One record a domain and account; a wildcard shares its parent's."""
    base = domain.removeprefix("*.")
    digest = hashlib.sha256(f"{account}/{base}".encode()).hexdigest()
    return {
        "Name": f"_{digest[:32]}.{base}.",
        "Type": "CNAME",
        "Value": f"_{digest[32:]}.acm-validations.aws.",
    }


def _account(bundle: CertBundle) -> str:
    return bundle.arn.split(":")[4]


def _validated(bundle: CertBundle) -> bool:
    published = set(_cnames(_account(bundle)))
    records = (validation_record(_account(bundle), name) for name in bundle.__dict__["local_names"])
    return all((record["Name"], record["Value"]) in published for record in records)


def _cnames(account: str) -> Iterator[tuple[str, str]]:
    from moto.route53.models import route53_backends

    for zone in list(route53_backends[account]["aws"].zones.values()):
        if zone.private_zone:
            continue
        for record in list(zone.rrsets):
            if record.type == "CNAME":
                for value in record.records or []:
                    yield _absolute(record.name), _absolute(value)


def _absolute(name: str) -> str:
    return name.lower().rstrip(".") + "."


def check(original: Original, self: CertBundle) -> None:
    """ISSUED once validated, and no earlier than ACM takes."""
    extra = self.__dict__
    if "local_names" not in extra:
        original(self)
        return
    if self.status != "PENDING_VALIDATION":
        return
    if "local_validated" not in extra and _validated(self):
        extra["local_validated"] = time.time()
    if "local_validated" in extra and time.time() >= extra["local_validated"] + scaled(ISSUE_SECONDS):
        self.status = "ISSUED"
        extra["local_issued"] = utcnow()


def describe(original: Original, self: CertBundle) -> dict[str, Any]:
    result: dict[str, Any] = original(self)
    extra = self.__dict__
    if "local_names" not in extra:
        return result
    certificate = result["Certificate"]
    certificate["DomainValidationOptions"] = [_validation(self, name) for name in extra["local_names"]]
    certificate["RenewalEligibility"] = "ELIGIBLE" if self.in_use_by else "INELIGIBLE"
    if self.status == "ISSUED":
        certificate["IssuedAt"] = extra["local_issued"].timestamp()
    else:
        for name in ("IssuedAt", "NotBefore", "NotAfter", "Serial", "Issuer"):
            certificate.pop(name, None)
    return result


def _validation(bundle: CertBundle, name: str) -> dict[str, Any]:
    issued = bundle.status == "ISSUED"
    row: dict[str, Any] = {
        "DomainName": name,
        "ValidationDomain": name,
        "ValidationStatus": "SUCCESS" if issued else "PENDING_VALIDATION",
        "ValidationMethod": bundle.__dict__["local_methods"],
    }
    # counted from the first look, so that strict mode never shows it there
    if strict.settled(bundle.__dict__.setdefault("local_first_look", time.time()), RECORD_SECONDS):
        row["ResourceRecord"] = validation_record(_account(bundle), name)
    return row


# -- use ----------------------------------------------------------------------------------------------


def _in_use_by(bundle: CertBundle) -> list[str]:
    """The load balancers that serve the certificate."""
    from moto.elbv2.models import elbv2_backends

    account, region = _account(bundle), bundle.arn.split(":")[3]
    return [
        balancer.arn
        for balancer in list(elbv2_backends[account][region].load_balancers.values())
        if any(bundle.arn in listener.certificates for listener in balancer.listeners.values())
    ]


def delete_certificate(original: Original, self: AWSCertificateManagerBackend, arn: str) -> None:
    users = self.get_certificate(arn).in_use_by
    if users:
        raise ResourceInUse(f"Certificate {arn} in account {self.account_id} is in use by {', '.join(users)}.")
    original(self, arn)
    # moto would look a deleted certificate up by the token of its request.
    tokens = self._idempotency_tokens
    for token in [token for token, request in tokens.items() if request["arn"] == arn]:
        del tokens[token]


def get_certificate(original: Original, self: AWSCertificateManagerResponse) -> ActionResult:
    bundle = self.acm_backend.get_certificate(self._get_param("CertificateArn"))
    if bundle.status == "PENDING_VALIDATION":
        raise RequestInProgress(f"Certificate {bundle.arn} is not issued yet.")
    result: ActionResult = original(self)
    return result


def update_certificate_options(self: AWSCertificateManagerResponse) -> ActionResult:
    bundle = self.acm_backend.get_certificate(self._get_param("CertificateArn"))
    bundle.cert_options.update(self._get_param("Options") or {})
    return EmptyResult()


def _ignore(_bundle: CertBundle, _users: list[str]) -> None:
    """moto keeps a list of users; here they are looked up."""


def install(_runtime: Runtime) -> None:
    attribute(CertBundle, "in_use_by", _in_use_by, _ignore)
    around(CertBundle, "check")(check)
    around(CertBundle, "describe")(describe)
    around(AWSCertificateManagerResponse, "request_certificate")(request_certificate)
    around(AWSCertificateManagerResponse, "get_certificate")(get_certificate)
    around(AWSCertificateManagerBackend, "delete_certificate")(delete_certificate)
    operation(AWSCertificateManagerResponse)(update_certificate_options)
