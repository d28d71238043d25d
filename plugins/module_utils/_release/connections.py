# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules that move customers work with, made of the options that they share."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from .._aws.secret_reader import current_fields, current_value
from .._aws.session import Aws
from .._verify.http import Client
from .._verify.traffic import Account
from . import processes
from .colours import OPTIONS
from .gateway import GATEWAY
from .gateway import client as gateway_client
from .lock import Lease, Lock
from .services import Services
from .state import COLOURS
from .traffic import Traffic

REQUEST_SECONDS = 10.0
PREVIEW: dict[str, Any] = {
    "upstream": {"type": "str", "required": True},
    "header": {"type": "str", "required": True},
    "token_secret": {"type": "str", "required": True, "no_log": False},
}
PROBE: dict[str, Any] = {
    "url": {"type": "str", "required": True},
    "ca_file": {"type": "path"},
    "email": {"type": "str", "required": True},
    "secret_id": {"type": "str", "required": True, "no_log": False},
}
LOCK: dict[str, Any] = {name: {"type": "str", "required": True} for name in ("table", "name", "holder")}
# For the argument spec of modules.
CONNECTIONS: dict[str, Any] = {
    "cluster": {"type": "str", "required": True},
    "colours": {"type": "dict", "required": True, "options": OPTIONS},
    "gateway": {"type": "dict", "required": True, "options": GATEWAY},
    "upstream": {"type": "str", "required": True},
    "preview": {"type": "dict", "required": True, "options": PREVIEW},
    "probe": {"type": "dict", "required": True, "options": PROBE},
    "state_path": {"type": "str", "required": True},
    "lock": {"type": "dict", "options": LOCK},
}


@dataclass(frozen=True)
class Ways:
    """The ways to the service: as customers come, and an account at the preview."""

    public: Client
    hidden: Account


def traffic(aws: Aws) -> Traffic:
    params = aws.params
    client = gateway_client(params["gateway"], aws.clock)
    targets = {colour: params["colours"][colour]["target"] for colour in COLOURS}
    return Traffic(client, params["upstream"], targets, params["preview"]["upstream"])


def services(aws: Aws) -> Services:
    names = {colour: aws.params["colours"][colour]["service"] for colour in COLOURS}
    return Services(aws, aws.params["cluster"], names)


def ways(aws: Aws) -> Ways:
    """Reads the secrets of the account and of the preview."""
    probe, preview = aws.params["probe"], aws.params["preview"]
    token = current_value(aws, "preview.token_secret", preview["token_secret"])
    account = current_fields(aws, "probe.secret_id", probe["secret_id"], "password")
    aws.hide([account["password"]])
    public = Client(probe["url"], probe["ca_file"], REQUEST_SECONDS)
    hidden = Client(probe["url"], probe["ca_file"], REQUEST_SECONDS, {preview["header"]: token})
    return Ways(public, Account(hidden, probe["email"], account["password"]))


def lease(aws: Aws) -> Lease | None:
    """The lock that the run holds, as long as this process goes on."""
    held = aws.params["lock"]
    if not held:
        return None
    return Lease(Lock(aws, held["table"], held["name"]), held["holder"], processes.named(os.getpid()))
