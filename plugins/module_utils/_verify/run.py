# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of `sign_in_check`: the probe account from Secrets Manager, the checks against the service."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from .._aws.session import Aws, Outcome
from .._core.changes import Change
from .._core.errors import InvalidInput, PlatformError
from .._core.wait import DONE, Verdict, failed, pending
from .flow import CheckFailed, Flow, Probe
from .gateway import guards
from .http import Client, Request, Unreachable, Untrusted


def run(aws: Aws) -> Outcome:
    """Check, in check mode without the account, and answer each check with its time."""
    params = aws.params
    _check_url("url", params["url"], "https")
    if params["http_url"]:
        _check_url("http_url", params["http_url"], "http")
    client = Client(params["url"], params["ca_file"], params["timeout"], params["headers"])
    flow = Flow(client, aws.clock)
    _guarded(flow, params["url"], lambda: _serves(aws, flow, client))
    if aws.check_mode:
        return Outcome([], _result(aws, flow, ""))
    probe = _probe(aws)
    account = _guarded(flow, params["url"], lambda: _signs_in(aws, flow, probe))
    registered = Change("create", "account", probe.email, after={"email": probe.email})
    return Outcome([registered] if account == "registered" else [], _result(aws, flow, account))


def _check_url(variable: str, url: str, scheme: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != scheme or not parts.hostname:
        raise InvalidInput(variable, url, f"is no address of the service: give {scheme}://host")


def _serves(aws: Aws, flow: Flow, client: Client) -> str:
    seen = aws.wait(f"answer of {client.url}", lambda: _look(client), _judge, timeout=aws.params["wait_timeout"])
    flow.checks.append({"name": "certificate", "ok": True, "seconds": aws.waits[-1]["seconds"], "detail": seen})
    flow.serves(aws.params["http_url"] or "")
    return ""


def _signs_in(aws: Aws, flow: Flow, probe: Probe) -> str:
    if aws.params["verify_email"]:
        flow.verify(probe)
    account = "verified" if aws.params["verify_email"] else flow.account(probe)
    if account != "registered" and not aws.params["account_only"]:
        token = flow.signs_in(probe)
        aws.hide([token])
        if aws.params["gateway"]:
            guards(flow, token, aws.params["cors_origin"] or "")
    return account


def _look(client: Client) -> str:
    try:
        answer = client(Request("GET", "/actuator/health"))
    except Unreachable as error:
        return f"unreachable: {error}"
    # A gateway serves before it has heard of its routes.
    starting = answer.status in (502, 503, 504) or (answer.status == 404 and "no Route" in answer.text("message"))
    return f"unreachable: answers {answer.status}" if starting else answer.tls


def _judge(seen: str) -> Verdict:
    return pending(seen) if seen.startswith("unreachable: ") else (DONE if seen else failed("no TLS"))


def _guarded(flow: Flow, url: str, work: Callable[[], str]) -> str:
    """Turn what fails into one line that names the check."""
    try:
        return work()
    except CheckFailed as error:
        raise PlatformError(f"{error.name}: {error}", {"checks": flow.checks}) from error
    except Untrusted as error:
        remedy = "set ca_file to the authority that signed it, or ask for the name that it is for"
        raise PlatformError(f"certificate of {url}: {error}: {remedy}", {"checks": flow.checks}) from error
    except Unreachable as error:
        raise PlatformError(str(error), {"checks": flow.checks}) from error


def _probe(aws: Aws) -> Probe:
    """The account, its password masked in everything that is printed."""
    secret_id = aws.params["secret_id"]
    answer = aws.client("secretsmanager").get_secret_value(SecretId=secret_id)
    try:
        content = json.loads(answer["SecretString"])
        email = aws.params["email"] or content["email"]
        probe = Probe(email, content["password"], content["verification_token"])
    except (ValueError, KeyError, TypeError) as error:
        needed = "password and verification_token" if aws.params["email"] else "email, password and verification_token"
        raise InvalidInput("secret_id", secret_id, f"is no JSON with {needed}") from error
    aws.hide([probe.password, probe.verification_token])
    return probe


def _result(aws: Aws, flow: Flow, account: str) -> dict[str, Any]:
    aws.waits.extend(flow.pauses)
    return {"url": aws.params["url"], "checks": flow.checks, "account": account}
