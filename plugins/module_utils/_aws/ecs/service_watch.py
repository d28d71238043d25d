# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking at the service deployment behind a deployment, again and again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..session import Aws
from . import api
from .service_deployment import SUCCESSFUL, UNDER_WAY, Seen, ours, progress


@dataclass
class Watch:
    """Remembers the last stage at which the deployment was under way; `report` gets each new line of progress.

    Stages may pass between two looks: what it has come to in the end is always told.
    """

    aws: Aws
    cluster: str
    name: str
    deployment_id: str
    report: Callable[[str], None]
    seen: Seen = field(default_factory=lambda: Seen(None))
    _arn: str | None = None
    _told: str = ""

    def look(self) -> Seen:
        if self._arn is None:
            self._arn = ours(api.list_service_deployments(self.aws, self.cluster, self.name), self.deployment_id)
        deployment = api.describe_service_deployment(self.aws, self._arn) if self._arn else None
        stage = self.seen.stage
        if deployment and deployment["status"] in UNDER_WAY:
            stage = str(deployment.get("lifecycleStage") or stage)
        if deployment and deployment["status"] in (SUCCESSFUL, *UNDER_WAY):
            self._tell(progress(deployment))
        self.seen = Seen(deployment, stage)
        return self.seen

    def _tell(self, line: str) -> None:
        if line != self._told:
            self._told = line
            self.report(f"{self.name}: {line}")
