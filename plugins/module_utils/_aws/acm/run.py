# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a certificate to its desired state: requested, proved through DNS, issued."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..._core.changes import Change
from ..._core.placeholders import KNOWN_AFTER_APPLY
from ..._core.wait import WaitTimeout
from ..route53 import api as route53
from ..route53 import zone
from ..route53.model import base_domain
from ..session import Aws, Outcome, ansible_dict_to_boto3_tag_list
from . import api, model

VISIBLE = 30.0  # seconds within which a certificate that was requested can be seen


@dataclass
class Found:
    """What is there: summaries of all certificates, ours of the domain with their states, and the record sets."""

    listed: Sequence[Mapping[str, Any]]
    ours: Sequence[Mapping[str, Any]]
    states: dict[str, dict[str, Any]]
    records: dict[str, dict[str, Any]] = field(default_factory=dict)


def run(aws: Aws) -> Outcome:
    """List certificates, describe those of the domain, plan, apply, and wait until issued if asked to."""
    names = model.domain_names(aws.params)
    hosted = zone.find(aws, "domain_name or subject_alternative_names", names)
    desired = model.desired_state(aws.params, names)
    found = _find(aws, desired)
    if aws.params["state"] == "absent":
        return _absent(aws, found, hosted)
    choice = model.choose(found.ours, desired)
    published = _published(aws, hosted, found.ours)
    changes = model.plan_certificate(aws.params["domain_name"], choice, found.states, desired)
    if hosted:
        known = _known_records(found.ours)
        changes += model.plan_records(names, known, published, hosted.given)
        changes += _orphans(found, choice.removable, published, names, hosted)
    request = Request(aws, names, desired, hosted, [item["CertificateArn"] for item in found.listed])
    request.certificate = choice.current
    aws.apply(changes, request.handlers(published))
    if aws.params["wait"] and not aws.check_mode:
        request.wait_until_issued()
    return Outcome(changes, request.result(), warnings=_warnings(choice))


def _find(aws: Aws, desired: Mapping[str, Any]) -> Found:
    """Ours are those with our mark; only certificates of the same domain are looked at."""
    listed = api.list_certificates(aws)
    ours, states = [], {}
    for summary in listed:
        if summary["DomainName"].lower() != aws.params["domain_name"].lower():
            continue
        tags = api.list_tags(aws, summary["CertificateArn"])
        if tags.get(model.MARK) != desired["tags"][model.MARK]:
            continue
        certificate = api.describe_certificate(aws, summary["CertificateArn"])
        if certificate is not None:
            ours.append(certificate)
            states[summary["CertificateArn"]] = model.current_state(certificate, tags, desired)
    return Found(listed, ours, states)


def _known_records(certificates: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Records by base domain: an account proves control of a domain by one record for all its certificates."""
    known: dict[str, dict[str, str]] = {}
    for certificate in certificates:
        known |= model.validation_records(certificate)
    return known


def _published(
    aws: Aws, hosted: zone.Zone | None, certificates: Iterable[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    if hosted is None or hosted.id is None:
        return {}
    published = {}
    for base, record in _known_records(certificates).items():
        found = route53.find_record(aws, hosted.id, record["Name"], record["Type"])
        if found is not None:
            published[base] = found
    return published


def _orphans(
    found: Found,
    removed: Sequence[Mapping[str, Any]],
    published: Mapping[str, Mapping[str, Any]],
    names: Iterable[str],
    hosted: zone.Zone,
) -> list[Change]:
    """Removal of records that proved control for removed certificates only."""
    gone = {certificate["CertificateArn"] for certificate in removed}
    needed = model.bases(item for item in found.listed if item["CertificateArn"] not in gone)
    needed |= {base_domain(name) for name in names}
    orphans = {base: published[base] for base in model.bases(removed) - needed if base in published}
    return model.plan_record_removals(orphans, hosted.given)


def _absent(aws: Aws, found: Found, hosted: zone.Zone | None) -> Outcome:
    """Records go first: as long as the certificate is there, a run that was interrupted finds them again."""
    changes = model.removals(found.ours, found.states)
    published = _published(aws, hosted, found.ours)
    if hosted:
        changes += _orphans(found, found.ours, published, [], hosted)
    aws.apply(changes, Request(aws, [], {}, hosted, []).handlers(published))
    return Outcome(changes, {"domain_names": []})


def _warnings(choice: model.Choice) -> list[str]:
    return [
        f"{item['CertificateArn']} is superseded but in use by {', '.join(item['InUseBy'])}; a later run removes it"
        for item in choice.superseded
        if item.get("InUseBy")
    ]


@dataclass
class Request:
    """The certificate in the making."""

    aws: Aws
    names: Sequence[str]
    desired: Mapping[str, Any]
    hosted: zone.Zone | None
    known: Sequence[str]
    certificate: Mapping[str, Any] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def handlers(self, published: Mapping[str, Mapping[str, Any]]) -> dict[Any, Any]:
        def unpublish(change: Change) -> None:
            route53.change_resource_record_sets(self.aws, self._zone_id(), [("DELETE", published[change.key])])

        return {
            ("certificate", "create"): self._request,
            ("certificate", "replace"): self._request,
            ("certificate", "update"): self._update,
            ("certificate", "delete"): self._delete,
            ("validation_record", "create"): self._publish,
            ("validation_record", "update"): self._publish,
            ("validation_record", "delete"): unpublish,
        }

    @property
    def arn(self) -> str:
        return str(self.certificate["CertificateArn"]) if self.certificate else KNOWN_AFTER_APPLY

    def _zone_id(self) -> str:
        if self.hosted is None or self.hosted.id is None:
            raise ValueError("records are only planned for a hosted zone that exists")
        return self.hosted.id

    def _request(self, change: Change) -> None:
        state, domain = change.desired, self.aws.params["domain_name"]
        arguments: dict[str, Any] = {"Tags": ansible_dict_to_boto3_tag_list(state["tags"])}
        others = [name for name in self.names if name != domain.lower()]
        if others:
            arguments["SubjectAlternativeNames"] = others
        if "key_algorithm" in state:
            arguments["KeyAlgorithm"] = state["key_algorithm"]
        if "transparency_logging" in state:
            arguments["Options"] = _options(state)
        known = list(self.known)
        while not self.certificate:
            token = model.idempotency_token(state, known)
            arn = api.request_certificate(self.aws, DomainName=domain, IdempotencyToken=token, **arguments)
            self.certificate = self._appeared(arn, final=len(known) > len(self.known))
            known.append(arn)

    def _appeared(self, arn: str, *, final: bool) -> Mapping[str, Any] | None:
        """The requested certificate; None if the token still stood for one that was deleted within the hour."""
        name = f"certificate {self.aws.params['domain_name']} visible"
        try:
            return self.aws.wait(name, partial(api.describe_certificate, self.aws, arn), model.visible, timeout=VISIBLE)
        except WaitTimeout:
            if final:
                raise
            return None

    def _update(self, change: Change) -> None:
        if "transparency_logging" in change.fields:
            api.update_certificate_options(self.aws, self.arn, _options(change.desired))
        if "tags" in change.fields:
            api.add_tags(self.aws, self.arn, change.desired["tags"])

    def _delete(self, change: Change) -> None:
        """A certificate counts as used for a while after the last listener let go of it."""
        timeout = self.aws.params["wait_timeout"]
        self.aws.eventually(
            lambda: api.delete_certificate(self.aws, change.key), "ResourceInUseException", timeout=timeout
        )

    def _publish(self, change: Change) -> None:
        record = self._records()[change.key]
        record_set = model.record_set(record, self.aws.params["validation_record_ttl"])
        route53.change_resource_record_sets(self.aws, self._zone_id(), [("UPSERT", record_set)])

    def _records(self) -> dict[str, dict[str, str]]:
        """The validation records, waited for once by whichever thread comes first."""
        with self._lock:
            judge = model.has_records(self.names)
            if judge(self.certificate).status != "done":
                self.certificate = self._look_until("validation records", judge)
            return model.validation_records(self.certificate)

    def wait_until_issued(self) -> None:
        """Join the validation, whether this run or an earlier one began it."""
        if model.issued(self.certificate).status != "done":
            self.certificate = self._look_until("issued", model.issued)
        self._records()

    def _look_until(self, what: str, judge: model.Judge) -> Mapping[str, Any] | None:
        name, timeout = f"certificate {self.aws.params['domain_name']} {what}", self.aws.params["wait_timeout"]
        return self.aws.wait(name, partial(api.describe_certificate, self.aws, self.arn), judge, timeout=timeout)

    def result(self) -> dict[str, Any]:
        certificate = self.certificate or {}
        status = certificate.get("Status") or ("PENDING_VALIDATION" if certificate else KNOWN_AFTER_APPLY)
        records = model.validation_records(self.certificate).items()
        return {
            "arn": self.arn,
            "status": status,
            "domain_names": list(self.names),
            "validation_records": [
                {"domain": base, "name": record["Name"], "type": record["Type"], "value": record["Value"]}
                for base, record in sorted(records)
            ],
        }


def _options(state: Mapping[str, Any]) -> dict[str, str]:
    return {"CertificateTransparencyLoggingPreference": "ENABLED" if state["transparency_logging"] else "DISABLED"}
