# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible filter: the entities of Kong that a gateway, described in the product's words, consists of."""

from __future__ import annotations

DOCUMENTATION = r"""
name: gateway_state
version_added: "0.1.0"
short_description: Turn the description of a gateway into entities of Kong
description:
  - Answers the O(trademaster.platform.kong_config#module:config) of M(trademaster.platform.kong_config), made from
    services whose routes say who may call them.
  - Each service becomes an upstream and up to four services of Kong, one for each way in. A route is thus protected by
    the service that it belongs to, and not by what somebody remembers to attach to it.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
positional: _input
options:
  _input:
    description:
      - The description. Its keys are C(services), C(tiers), C(jwt), C(limits), C(redis), C(cors), C(security_headers),
        C(size_limit_kilobytes), C(bots), C(admin_networks), C(internal_networks), C(correlation_header),
        C(tracing) and C(entities), and hold what the variables of the role C(kong_config) with these names hold.
    type: dict
    required: true
  secrets:
    description:
      - C(jwt) is the secret that signs tokens, C(tier_keys) has a key for each tier, C(api_keys) those of each service
        with internal routes, C(preview_tokens) the token for each service with colours.
      - C(accepted_jwt) and C(accepted_tier_keys) are lists of all that is valid while they are rotated.
      - What is not known yet, in check mode on an empty account, may be missing.
    type: dict
    required: true
  functions:
    description: C(strip) and C(identity), the Lua that takes forged identities away and the one that derives them.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the routes of the gateway
  ansible.builtin.debug:
    msg: "{{ state.services | map(attribute='routes') | flatten | map(attribute='name') }}"
  vars:
    state: "{{ gateway | trademaster.platform.gateway_state(secrets=secrets, functions=functions) }}"
"""

RETURN = r"""
_value:
  description: Entities as decK nests them.
  type: dict
"""

import re
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.trademaster.platform.plugins.module_utils._core.placeholders import KNOWN_AFTER_APPLY
from ansible_collections.trademaster.platform.plugins.plugin_utils.gateway_entities import (
    KINDS,
    METHODS,
    Data,
    entities,
)

# What the description leaves out.
DEFAULTS: Data = {
    "limits": {"public": {"minute": 60}, "fault_tolerant": True},
    "redis": {"port": 6379, "password": "", "ssl": True, "server_name": "", "timeout_ms": 2000},
    "cors": {
        "origins": [],
        "headers": ["Authorization", "Content-Type", "Accept", "Accept-Language", "X-Requested-With"],
        "credentials": True,
        "max_age_seconds": 3600,
    },
    "bots": {"allow": [], "deny": []},
    "tracing": {"endpoint": "", "service_name": "kong"},
}
SERVICE: Data = {
    "port": 8080,
    "retries": 2,
    "connect_timeout_ms": 2000,
    "read_timeout_ms": 30000,
    "write_timeout_ms": 30000,
    "health": {},
    "colours": [],
    "live": "",
}
# What has an address only would get a colour into it.
NAME_WITH_DOMAIN = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]*[a-z-][a-z0-9-]*)+", re.IGNORECASE)
SHORTEST_TOKEN = 32
HEALTH_CHECK: Data = {"path": "", "interval_seconds": 5, "timeout_seconds": 2, "failures": 2}


def gateway_state(gateway: Data, secrets: Data, functions: Data) -> Data:
    """Entities, nested as in decK files, of the gateway that `gateway` describes. Pure."""
    gateway = _completed(gateway)
    _check(gateway, secrets)
    state = entities(gateway, secrets, functions)
    for collection, further in gateway["entities"].items():
        state[collection] = [*state.get(collection, []), *further]
    return state


def _completed(gateway: Data) -> Data:
    """`gateway` with everything that may be left out."""
    given = {name: {**default, **gateway.get(name, {})} for name, default in DEFAULTS.items()}
    services = [_completed_service(service) for service in gateway["services"]]
    return {**gateway, **given, "services": services}


def _completed_service(service: Data) -> Data:
    completed = {**SERVICE, **service, "health": {**HEALTH_CHECK, **service.get("health", {})}}
    return {**completed, "live": completed["live"] or next(iter(completed["colours"]), "")}


# What the data cannot be


def _check(gateway: Data, secrets: Data) -> None:
    taken: dict[tuple[str, ...], str] = {}
    for index, service in enumerate(gateway["services"]):
        for number, route in enumerate(service["routes"]):
            where = f"kong_config_services[{index}].routes[{number}]"
            _check_route(gateway, route, where)
            matches = product(service.get("hosts") or [""], route["paths"], route.get("methods") or METHODS)
            for host, path, method in matches:
                other = taken.setdefault((host, path, method), where)
                _refuse(other != where, f"{where}.paths", path, f"is a path of {other} too: name it once")
        internal = any(route["kind"] == "internal" for route in service["routes"])
        lacks = internal and not service.get("api_key_secret")
        _refuse(lacks, f"kong_config_services[{index}].api_key_secret", "", "is missing: internal routes ask for a key")
        _check_colours(service, secrets, f"kong_config_services[{index}]")
    known = set(secrets.get("tier_keys") or gateway["tiers"])
    for tier in gateway["tiers"]:
        _refuse(
            tier not in known, "kong_config_tiers", tier, "has no key in the secret of kong_config_tier_keys_secret"
        )


def _check_colours(service: Data, secrets: Data, where: str) -> None:
    colours, host, live = service["colours"], service["host"], service["live"]
    if not colours:
        return
    name = "has to be a name with a domain: the colour is put before the first dot"
    _refuse(not NAME_WITH_DOMAIN.fullmatch(host), f"{where}.host", host, name)
    _refuse(live not in colours, f"{where}.live", live, f"is no colour: choose from {', '.join(colours)}")
    closed = "is missing: whoever has its token reaches a release before customers do"
    _refuse(not service.get("preview_secret"), f"{where}.preview_secret", "", closed)
    token = (secrets.get("preview_tokens") or {}).get(service["name"]) or KNOWN_AFTER_APPLY
    short = token != KNOWN_AFTER_APPLY and len(token) < SHORTEST_TOKEN
    # Its value is not shown.
    _refuse(
        short, f"{where}.preview_secret", service.get("preview_secret"), f"holds fewer than {SHORTEST_TOKEN} letters"
    )


def _check_route(gateway: Data, route: Data, where: str) -> None:
    kind = route["kind"]
    _refuse(kind not in KINDS, f"{where}.kind", kind, f"is no kind of route: choose from {', '.join(KINDS)}")
    unknown = sorted(set(route.get("tiers") or []) - set(gateway["tiers"]))
    known = ", ".join(gateway["tiers"])
    _refuse(bool(unknown), f"{where}.tiers", ", ".join(unknown), f"is no tier: choose from {known}")
    _refuse(
        kind == "premium" and not route.get("tiers"), f"{where}.tiers", "", "is empty: name the tiers that may call"
    )
    limited = bool(route.get("limits")) and kind != "public"
    _refuse(
        limited, f"{where}.limits", route.get("limits"), "is for public routes: others go by tier, or have no limit"
    )
    networks = f"kong_config_{kind}_networks"
    closed = kind in ("admin", "internal") and not gateway[f"{kind}_networks"]
    _refuse(closed, networks, "", f"is empty: name who may call {route['name']}")


def _refuse(wrong: bool, variable: str, value: Any, remedy: str) -> None:
    if wrong:
        raise AnsibleFilterError(f"{variable}: {value!r} {remedy}")


class FilterModule:
    """The filters of this file."""

    def filters(self) -> Mapping[str, Callable[..., Any]]:
        return {"gateway_state": gateway_state}
