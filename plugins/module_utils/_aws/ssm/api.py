# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to SSM Parameter Store, one function an operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..session import Aws, ansible_dict_to_boto3_tag_list


def get_parameters_by_path(aws: Aws, path: str) -> list[dict[str, Any]]:
    """Values of all parameters below `path`, decrypted (GetParametersByPath)."""
    return aws.pages("ssm", "get_parameters_by_path", "Parameters", Path=path, Recursive=True, WithDecryption=True)


def describe_parameters(aws: Aws, path: str, tags: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """Descriptions, tiers and keys of the parameters below `path` that carry all of `tags` (DescribeParameters)."""
    filters = [{"Key": "Path", "Option": "Recursive", "Values": [path]}]
    filters += [{"Key": f"tag:{key}", "Option": "Equals", "Values": [value]} for key, value in (tags or {}).items()]
    return aws.pages("ssm", "describe_parameters", "Parameters", ParameterFilters=filters)


def put_parameter(aws: Aws, name: str, value: str, *, overwrite: bool = False, **arguments: Any) -> None:
    """Create a parameter, or overwrite it (PutParameter)."""
    aws.client("ssm").put_parameter(Name=name, Value=value, Overwrite=overwrite, **arguments)


def delete_parameters(aws: Aws, names: Sequence[str]) -> None:
    """Delete at most ten parameters (DeleteParameters)."""
    aws.client("ssm").delete_parameters(Names=list(names))


def add_tags(aws: Aws, name: str, tags: Mapping[str, str]) -> None:
    """Add or change tags of a parameter (AddTagsToResource)."""
    aws.client("ssm").add_tags_to_resource(
        ResourceType="Parameter", ResourceId=name, Tags=ansible_dict_to_boto3_tag_list(tags)
    )
