# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of `metrics_check`: the account of Grafana from Secrets Manager, the contract against what there is."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from .._aws.secret_reader import current_value
from .._aws.session import Aws, Outcome
from .._core.errors import InvalidInput, PlatformError
from .._core.placeholders import is_placeholder
from .._core.wait import DONE, Verdict, WaitTimeout, pending
from . import metrics
from .http import Unreachable, Untrusted
from .prometheus import Prometheus, Refused, Server

SHOWN = 10  # problems that the message names; all are in the result


def run(aws: Aws) -> Outcome:
    """Wait until nothing is missing, and answer what there is. Nothing is ever written."""
    params = aws.params
    contract = _contract(params["contract"])
    secret = current_value(aws, "secret_id", params["secret_id"])
    if is_placeholder(secret):
        return Outcome([], {"url": params["url"], "targets": {}, "metrics": 0, "unseen": []})
    prometheus = Prometheus(_server(aws, secret))
    seen = _wait(aws, prometheus, contract)
    result = {
        "url": params["url"],
        "targets": dict(sorted(Counter(target.job for target in seen.targets).items())),
        "metrics": len(contract.expected),
        "unseen": metrics.unseen(contract, seen),
    }
    return Outcome([], result)


def _contract(path: str) -> metrics.Contract:
    try:
        return metrics.parse(json.loads(Path(path).read_text(encoding="utf-8")))
    except OSError as error:
        raise InvalidInput("contract", path, f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InvalidInput("contract", path, str(error)) from error


def _server(aws: Aws, secret: str) -> Server:
    params = aws.params
    try:
        account = json.loads(secret)
        user, password = account["username"], account["password"]
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput("secret_id", params["secret_id"], "is no JSON with username and password") from error
    aws.hide([password])
    return Server(
        url=params["url"],
        prefix=f"/api/datasources/proxy/uid/{params['datasource_uid']}",
        server_name=params["server_name"] or "",
        ca_file=params["ca_file"],
        user=user,
        password=password,
        timeout=params["timeout"],
    )


def _wait(aws: Aws, prometheus: Prometheus, contract: metrics.Contract) -> metrics.Seen:
    url = aws.params["url"]
    last: list[str] = []

    def look() -> metrics.Seen | str:
        try:
            return _answered(aws, prometheus, contract)
        except Unreachable as error:
            return str(error)

    def judge(seen: metrics.Seen | str) -> Verdict:
        last[:] = [seen] if isinstance(seen, str) else metrics.problems(contract, seen)
        return pending(f"{len(last)} problems") if last else DONE

    try:
        seen = aws.wait(f"metrics of {url}", look, judge, timeout=aws.params["wait_timeout"])
    except WaitTimeout as error:
        raise PlatformError(_text(url, last), {"problems": last}) from error
    if isinstance(seen, str):
        raise PlatformError(_text(url, [seen]))
    return seen


def _answered(aws: Aws, prometheus: Prometheus, contract: metrics.Contract) -> metrics.Seen:
    """Look; what will not pass by itself fails at once, by the name of its option."""
    params: dict[str, Any] = aws.params
    try:
        return prometheus.look(contract)
    except Untrusted as error:
        remedy = "set ca_file to the authority that signed it, or server_name to the name that it is for"
        raise PlatformError(f"certificate of {params['url']}: {error}: {remedy}") from error
    except Refused as refused:
        if refused.status in (401, 403):
            raise InvalidInput("secret_id", params["secret_id"], f"is no account of Grafana: {refused}") from None
        if refused.status == 404:
            unknown = f"is no data source that Grafana at {params['url']} has: {refused}"
            raise InvalidInput("datasource_uid", params["datasource_uid"], unknown) from None
        raise


def _text(url: str, problems: list[str]) -> str:
    shown = "; ".join(problems[:SHOWN])
    more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    return f"metrics of {url}: {shown}{more}"
