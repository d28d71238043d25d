# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pager knows: the incidents of one service, by PagerDuty's REST API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .._pagerduty.client import Client
from .timeline import Incident

OPEN = ["triggered", "acknowledged"]


@dataclass(frozen=True)
class Pager:
    """Incidents of the service `service_id` (GET /incidents). Raises ApiError."""

    client: Client
    service_id: str

    def open(self) -> list[Incident]:
        """Those that nobody has resolved."""
        return self._incidents(statuses=OPEN, date_range="all")

    def since(self, moment: datetime) -> list[Incident]:
        """Those that were opened since, resolved or not."""
        return self._incidents(since=moment.isoformat(timespec="seconds"))

    def _incidents(self, **filters: Any) -> list[Incident]:
        found = self.client.list("incidents", service_ids=[self.service_id], **filters)
        return [Incident(item["id"], item["title"], item["status"] == "resolved") for item in found]
