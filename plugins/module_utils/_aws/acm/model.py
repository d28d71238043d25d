# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates and their validation records as comparable states. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._core.changes import Change, State, desired_fields, plan_one
from ..._core.errors import InvalidInput
from ..._core.wait import DONE, Verdict, failed, pending
from ..route53.model import base_domain
from ..tagging import of_interest

MARK = "platform:certificate"
DOMAIN = re.compile(r"^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")
LONGEST_COMMON_NAME = 64
Judge = Callable[["Mapping[str, Any] | None"], Verdict]
USABLE = ("ISSUED", "PENDING_VALIDATION")
REQUEST, RECORDS, REMOVE_RECORDS, REMOVE = range(4)  # levels of changes, in this order


def domain_names(options: Mapping[str, Any]) -> list[str]:
    """All names of the wanted certificate, in lower case and in order. Raises InvalidInput for what is no name."""
    given = {"domain_name": options["domain_name"]}
    others = enumerate(options["subject_alternative_names"] or [])
    given |= {f"subject_alternative_names[{index}]": name for index, name in others}
    for option, name in given.items():
        if not DOMAIN.match(name.lower()):
            raise InvalidInput(option, name, "is no domain name: give it as in auth.example.com or *.example.com")
    if len(options["domain_name"]) > LONGEST_COMMON_NAME:
        remedy = (
            f"is longer than {LONGEST_COMMON_NAME} characters: make a shorter name of the certificate the first one"
        )
        raise InvalidInput("domain_name", options["domain_name"], remedy)
    return sorted({name.lower() for name in given.values()})


def mark(domain: str) -> str:
    """Value of the tag that tells our certificates of a domain; a tag cannot hold an asterisk."""
    return domain.lower().replace("*", "_wildcard")


def desired_state(options: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Desired state of the certificate."""
    logging = options["transparency_logging"]
    return desired_fields(
        {
            "domain_names": list(names),
            "key_algorithm": options["key_algorithm"],
            "transparency_logging": logging,
            "tags": {**(options["tags"] or {}), MARK: mark(options["domain_name"])},
        }
    )


def current_state(certificate: Mapping[str, Any], tags: Mapping[str, str], desired: State) -> dict[str, Any]:
    """Current state of a certificate from DescribeCertificate and ListTagsForCertificate."""
    logging = (certificate.get("Options") or {}).get("CertificateTransparencyLoggingPreference", "ENABLED")
    return {
        "domain_names": names_of(certificate),
        "key_algorithm": str(certificate.get("KeyAlgorithm", "")).replace("-", "_"),
        "transparency_logging": logging == "ENABLED",
        "tags": of_interest(tags, desired.get("tags")),
    }


def names_of(certificate: Mapping[str, Any]) -> list[str]:
    """All names of a certificate, as described or as summarised."""
    others = certificate.get("SubjectAlternativeNames") or certificate.get("SubjectAlternativeNameSummaries") or []
    return sorted({name.lower() for name in (certificate["DomainName"], *others)})


@dataclass(frozen=True)
class Choice:
    """The certificate that is the desired one, if any, and ours of the same domain that are not."""

    current: Mapping[str, Any] | None = None
    superseded: Sequence[Mapping[str, Any]] = field(default_factory=list)

    @property
    def removable(self) -> list[Mapping[str, Any]]:
        """Superseded certificates that nothing uses."""
        return [certificate for certificate in self.superseded if not certificate.get("InUseBy")]


def choose(certificates: Iterable[Mapping[str, Any]], desired: State) -> Choice:
    """Choose among our certificates of the domain: same names and key, an issued one before a pending one."""
    ours = sorted(certificates, key=lambda item: (item["Status"] != "ISSUED", item["CertificateArn"]))
    for certificate in ours:
        state = current_state(certificate, {}, desired)
        same = all(desired.get(name, state[name]) == state[name] for name in ("domain_names", "key_algorithm"))
        if same and certificate["Status"] in USABLE:
            return Choice(certificate, [item for item in ours if item is not certificate])
    return Choice(None, ours)


def idempotency_token(desired: State, known: Iterable[str]) -> str:
    """A token that is the same for the same request while the same certificates exist."""
    text = repr((sorted(desired.items(), key=lambda item: item[0]), sorted(known)))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def validation_records(certificate: Mapping[str, Any] | None) -> dict[str, dict[str, str]]:
    """The records that prove control, as Name, Type and Value, by base domain, as far as AWS has made them."""
    options = (certificate or {}).get("DomainValidationOptions") or []
    return {base_domain(item["DomainName"]): item["ResourceRecord"] for item in options if item.get("ResourceRecord")}


def record_set(record: Mapping[str, str], ttl: int) -> dict[str, Any]:
    """A validation record as Route53 takes it."""
    values = [{"Value": record["Value"]}]
    return {"Name": record["Name"], "Type": record["Type"], "TTL": ttl, "ResourceRecords": values}


def plan_certificate(domain: str, choice: Choice, states: Mapping[str, State], desired: State) -> list[Change]:
    """Change to the certificate itself. `states` are current states by ARN.

    A superseded certificate that is in use stays: a later run removes it, once listeners have turned to the new one.
    """
    if choice.current is not None:
        current = states[choice.current["CertificateArn"]]
        changes = plan_one("certificate", domain, current, desired, level=REQUEST)
    elif choice.superseded:
        before = states[choice.superseded[0]["CertificateArn"]]
        changes = [Change("replace", "certificate", domain, before, desired, REQUEST)]
    else:
        changes = [Change("create", "certificate", domain, after=desired, level=REQUEST)]
    return [*changes, *removals(choice.removable, states)]


def removals(certificates: Iterable[Mapping[str, Any]], states: Mapping[str, State]) -> list[Change]:
    """Removal of certificates, by ARN."""
    arns = [certificate["CertificateArn"] for certificate in certificates]
    return [Change("delete", "certificate", arn, before=states[arn], level=REMOVE) for arn in arns]


def plan_records(
    names: Iterable[str],
    known: Mapping[str, Mapping[str, str]],
    published: Mapping[str, Mapping[str, Any] | None],
    zone: str,
) -> list[Change]:
    """Records to publish, by base domain. `published` are the record sets found for the `known` ones."""
    changes = []
    for base in sorted({base_domain(name) for name in names}):
        found = published.get(base)
        if base not in known or found is None:
            changes.append(Change("create", "validation_record", base, after={"hosted_zone": zone}, level=RECORDS))
            continue
        before = {"value": [item["Value"].rstrip(".") for item in found["ResourceRecords"]]}
        after = {"value": [known[base]["Value"].rstrip(".")]}
        changes += plan_one("validation_record", base, before, after, level=RECORDS)
    return changes


def plan_record_removals(published: Mapping[str, Mapping[str, Any]], zone: str) -> list[Change]:
    """Records to remove, by base domain."""
    return [
        Change("delete", "validation_record", base, before={"hosted_zone": zone}, level=REMOVE_RECORDS)
        for base in sorted(published)
    ]


def bases(certificates: Iterable[Mapping[str, Any]]) -> set[str]:
    """Base domains of all names of certificates."""
    return {base_domain(name) for certificate in certificates for name in names_of(certificate)}


def has_records(names: Sequence[str]) -> Judge:
    """Judge of whether AWS shows the validation record of every name, which takes it some seconds."""

    def judge(certificate: Mapping[str, Any] | None) -> Verdict:
        if (certificate or {}).get("Status") == "FAILED":
            return issued(certificate)
        missing = {base_domain(name) for name in names} - set(validation_records(certificate))
        return pending(f"no record for {', '.join(sorted(missing))} yet") if missing else DONE

    return judge


def visible(certificate: Mapping[str, Any] | None) -> Verdict:
    """Whether a certificate that was just requested is there."""
    return DONE if certificate else pending("not visible yet")


def issued(certificate: Mapping[str, Any] | None) -> Verdict:
    """Whether a certificate is issued."""
    status = (certificate or {}).get("Status", "not visible yet")
    if status == "ISSUED":
        return DONE
    if certificate is None or status == "PENDING_VALIDATION":
        return pending(status)
    return failed(": ".join(filter(None, (status, certificate.get("FailureReason")))))
