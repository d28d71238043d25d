# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenID Connect providers of IAM as comparable states. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from ..._core.changes import Change, State, desired_fields, plan_set
from ..._core.errors import InvalidInput
from ..session import boto3_tag_list_to_ansible_dict
from ..tagging import is_foreign, of_interest, owns

KIND = "oidc_provider"
URL = re.compile(r"https://[a-z0-9.-]+(/[\w.~/-]+)?", re.ASCII)
THUMBPRINT = re.compile(r"[0-9a-f]{40}")
THUMBPRINTS = 5
CLIENT_IDS = 100


def desired_states(providers: Iterable[Mapping[str, Any]], tags: Mapping[str, str] | None) -> dict[str, dict[str, Any]]:
    """Desired states by host and path of the URL. Raises InvalidInput for what IAM would refuse."""
    states: dict[str, dict[str, Any]] = {}
    for index, provider in enumerate(providers):
        option, url = f"providers[{index}]", provider["url"]
        if not URL.fullmatch(url) or len(url) > 255:
            remedy = "is no URL of a provider: https, host and path, in lower case, without port and query"
            raise InvalidInput(f"{option}.url", url, remedy)
        if key_of(url) in states:
            raise InvalidInput(f"{option}.url", url, "is given twice: keep one of them")
        states[key_of(url)] = _desired_state(option, provider, tags)
    return states


def _desired_state(option: str, provider: Mapping[str, Any], tags: Mapping[str, str] | None) -> dict[str, Any]:
    client_ids, thumbprints = provider.get("client_id_list"), provider.get("thumbprint_list")
    if client_ids is not None and len(client_ids) > CLIENT_IDS:
        raise InvalidInput(f"{option}.client_id_list", client_ids, f"is too long: IAM takes {CLIENT_IDS}")
    if thumbprints is not None and not 0 < len(thumbprints) <= THUMBPRINTS:
        remedy = f"has to hold 1 to {THUMBPRINTS}: leave it out, and IAM finds what it needs"
        raise InvalidInput(f"{option}.thumbprint_list", thumbprints, remedy)
    for thumbprint in thumbprints or []:
        if not THUMBPRINT.fullmatch(thumbprint.lower()):
            remedy = "is no SHA-1 thumbprint: 40 hexadecimal digits"
            raise InvalidInput(f"{option}.thumbprint_list", thumbprint, remedy)
    return desired_fields(
        {
            "url": provider["url"],
            "client_id_list": None if client_ids is None else sorted(set(client_ids)),
            "thumbprint_list": None if thumbprints is None else sorted({item.lower() for item in thumbprints}),
            "tags": tags,
        }
    )


def key_of(url: str) -> str:
    """Host and path, by which IAM knows a provider."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"


def current_state(provider: Mapping[str, Any], arn: str, tags: Mapping[str, str] | None) -> dict[str, Any]:
    """Current state from GetOpenIDConnectProvider, whose URL has no scheme."""
    all_tags = boto3_tag_list_to_ansible_dict(provider.get("Tags", []))
    return {
        "arn": arn,
        "url": f"https://{provider['Url']}",
        "client_id_list": sorted(provider.get("ClientIDList", [])),
        "thumbprint_list": sorted(provider.get("ThumbprintList", [])),
        "tags": of_interest(all_tags, tags),
        "owned": owns(all_tags, tags),
        "foreign": _is_of_others(all_tags, tags),
    }


def _is_of_others(all_tags: Mapping[str, str], tags: Mapping[str, str] | None) -> bool:
    """Whether it has none of our tags, or another value in one of them, such as that of another environment."""
    return is_foreign(all_tags, tags) or any(all_tags.get(key, value) != value for key, value in (tags or {}).items())


def plan(current: Mapping[str, State], desired: Mapping[str, State], *, purge: bool) -> list[Change]:
    """Changes to providers; with `purge`, what is not desired and carries our tags goes.

    Raises InvalidInput for a provider of others: an account has one for each URL, and all its roles rely on it.
    """
    for key, state in current.items():
        if key in desired and state["foreign"]:
            remedy = "is there already and has not our tags: use it as it is, or give it our tags by hand"
            raise InvalidInput("providers", state["url"], remedy)
    scope = {key: state for key, state in current.items() if key in desired or state["owned"]}
    return plan_set(KIND, scope, desired, purge=purge)
