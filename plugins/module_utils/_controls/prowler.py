# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Prowler found, as findings. Pure: its CSV is given as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping

from .judge import PROWLER, Finding, Status

# Of what Prowler cannot decide itself, it says MANUAL.
STATUSES: Mapping[str, Status] = {"PASS": "passed", "FAIL": "failed", "MANUAL": "not_applicable"}
ACCOUNT_WIDE = ("AwsAccount", "Other")
Row = Mapping[str, str]


def rows(text: str) -> list[dict[str, str]]:
    """Rows of Prowler's CSV by column."""
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def findings(read: Iterable[Row], name: str, tags: Mapping[str, str]) -> Iterator[Finding]:
    """What was found of what is ours: by its tags, by its name, or because it is the account's."""
    for row in read:
        if _is_ours(row, name, tags):
            status = STATUSES.get(row["STATUS"], "failed")
            told = "" if status == "passed" else row["STATUS_EXTENDED"]
            resource = f"{row['RESOURCE_TYPE']} {row['RESOURCE_NAME'] or row['RESOURCE_UID']}"
            remedy = row["REMEDIATION_RECOMMENDATION_TEXT"] if status == "failed" else ""
            yield Finding(PROWLER + row["CHECK_ID"], row["CHECK_TITLE"], resource, status, told, remedy)


def _is_ours(row: Row, name: str, tags: Mapping[str, str]) -> bool:
    its_tags = {part.strip() for part in row["RESOURCE_TAGS"].split("|")}
    by_tags = bool(tags) and all(f"{key}={value}" in its_tags for key, value in tags.items())
    by_name = name in row["RESOURCE_UID"] or name in row["RESOURCE_NAME"]
    account = row["ACCOUNT_UID"]
    of_account = row["RESOURCE_TYPE"] in ACCOUNT_WIDE or row["RESOURCE_UID"].endswith((":root", f"::{account}"))
    return by_tags or by_name or of_account or row["RESOURCE_NAME"] in (account, "<root_account>")


def version(read: Iterable[Row]) -> str:
    return next((row["PROWLER_VERSION"] for row in read), "")
