# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to GuardDuty, one function an operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..session import Aws


def find_detector(aws: Aws) -> tuple[str, dict[str, Any]] | None:
    """Id and description of the detector of this region, of which there is one at most (ListDetectors, GetDetector)."""
    ids = aws.pages("guardduty", "list_detectors", "DetectorIds")
    return (ids[0], dict(aws.client("guardduty").get_detector(DetectorId=ids[0]))) if ids else None


def create_detector(aws: Aws, tags: Mapping[str, str], **arguments: Any) -> str:
    """Create the detector of this region and answer its id (CreateDetector)."""
    return str(aws.client("guardduty").create_detector(Tags=dict(tags), **arguments)["DetectorId"])


def update_detector(aws: Aws, detector_id: str, **arguments: Any) -> None:
    """Change a detector; features that are not named stay what they are (UpdateDetector)."""
    aws.client("guardduty").update_detector(DetectorId=detector_id, **arguments)


def tag_resource(aws: Aws, arn: str, tags: Mapping[str, str]) -> None:
    """Add or change tags (TagResource)."""
    aws.client("guardduty").tag_resource(ResourceArn=arn, Tags=dict(tags))


def delete_detector(aws: Aws, detector_id: str) -> None:
    """Delete a detector with its findings (DeleteDetector)."""
    aws.client("guardduty").delete_detector(DetectorId=detector_id)
