# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What readers share: what is ours, and answering many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from ..._aws.session import WORKERS, Aws, boto3_tag_list_to_ansible_dict
from ..._aws.tagging import owns
from ..model import Resource

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Reading:
    """How to read, and what is ours: what carries all of `tags`; where there are no tags, what begins with `name`."""

    aws: Aws
    name: str
    tags: Mapping[str, str]
    now: datetime

    def ours(self, tags: Any) -> bool:
        """Whether tags, in any of the forms that services answer, are ours."""
        return owns(tag_map(tags), self.tags)

    def many(self, call: Callable[[Item], Answer], items: Iterable[Item]) -> list[Answer]:
        """The answers for all items, in their order."""
        with ThreadPoolExecutor(max_workers=WORKERS) as pool:
            return list(pool.map(call, items))

    def tag_filters(self) -> list[dict[str, Any]]:
        """Filters of EC2 for what is ours."""
        return [{"Name": f"tag:{key}", "Values": [value]} for key, value in self.tags.items()]

    def days_since(self, moment: datetime | None) -> int | None:
        return None if moment is None else (self.now - moment).days


Reader = Callable[[Reading], Iterable[Resource]]


def tag_map(tags: Any) -> dict[str, str]:
    """Tags as a map, from a list of Key and Value, of key and value, or from a map."""
    if isinstance(tags, Mapping):
        return dict(tags)
    items = list(tags or [])
    if items and "key" in items[0]:
        return {item["key"]: item["value"] for item in items}
    return dict(boto3_tag_list_to_ansible_dict(items))
