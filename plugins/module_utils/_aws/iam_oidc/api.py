# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to IAM about OpenID Connect providers, one function an operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..session import Aws, ansible_dict_to_boto3_tag_list


def list_providers(aws: Aws) -> list[str]:
    """ARNs of all providers of the account, which are few and come at once (ListOpenIDConnectProviders)."""
    listed = aws.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]
    return [item["Arn"] for item in listed]


def get_provider(aws: Aws, arn: str) -> dict[str, Any] | None:
    """A provider with its tags; None without it (GetOpenIDConnectProvider)."""
    return aws.found(
        lambda: aws.client("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=arn), "NoSuchEntity"
    )


def create_provider(
    aws: Aws, url: str, client_ids: Sequence[str], thumbprints: Sequence[str], tags: Mapping[str, str]
) -> None:
    """Create a provider; IAM looks the thumbprint up where none is given (CreateOpenIDConnectProvider)."""
    more = {"ThumbprintList": list(thumbprints)} if thumbprints else {}
    listed = ansible_dict_to_boto3_tag_list(dict(tags))
    aws.client("iam").create_open_id_connect_provider(Url=url, ClientIDList=list(client_ids), Tags=listed, **more)


def add_client_id(aws: Aws, arn: str, client_id: str) -> None:
    """Accept tokens for one more audience (AddClientIDToOpenIDConnectProvider)."""
    aws.client("iam").add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=client_id)


def remove_client_id(aws: Aws, arn: str, client_id: str) -> None:
    """Accept tokens for one audience no more (RemoveClientIDFromOpenIDConnectProvider)."""
    aws.client("iam").remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=client_id)


def update_thumbprints(aws: Aws, arn: str, thumbprints: Sequence[str]) -> None:
    """Replace all thumbprints (UpdateOpenIDConnectProviderThumbprint)."""
    aws.client("iam").update_open_id_connect_provider_thumbprint(
        OpenIDConnectProviderArn=arn, ThumbprintList=list(thumbprints)
    )


def tag_provider(aws: Aws, arn: str, tags: Mapping[str, str]) -> None:
    """Add or change tags (TagOpenIDConnectProvider)."""
    aws.client("iam").tag_open_id_connect_provider(
        OpenIDConnectProviderArn=arn, Tags=ansible_dict_to_boto3_tag_list(dict(tags))
    )


def delete_provider(aws: Aws, arn: str) -> None:
    """Delete a provider; no error where there is none (DeleteOpenIDConnectProvider)."""
    aws.client("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
