# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of releases: one JSON event each, in the stream of the service in a log group of CloudWatch Logs.

    {"id", "service", "verb": "deploy" | "rollback", "by", "reason", "from": R | null, "to": R, "started_at",
     "ended_at", "phases": [{"name", "seconds"}],
     "steps": [{"weight", "seconds", "error_ratio", "p95", "live_p95", "requests"}],
     "migrations": {"schema_before", "schema_after", "breaking"}, "commit_at", "verdict", "why", "lock"}

R and the verdicts are those of `state`. `from` is what was live before, also of a rollback; `lock` is the note of a
lock that had to be taken from somebody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from .._aws.ecs.diagnosis import masked
from .._aws.session import Aws
from .._core.errors import InvalidInput, PlatformError

Record = Mapping[str, Any]

NO_HISTORY = "ResourceNotFoundException"
THERE_ALREADY = "ResourceAlreadyExistsException"
PAGE = 1000
MOST_PAGES = 20
RECENT = 50  # among which a record that is written a second time is found
LONGEST_TEXT = 4000
LARGEST_EVENT = 256 * 1024 - 26  # bytes, without what CloudWatch Logs adds to each
TEXTS = ("reason", "why", "lock")


def moment(variable: str, text: str) -> datetime:
    """A time given in ISO 8601, in UTC unless it says otherwise. Raises InvalidInput. Pure."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(variable, text, "is no time in ISO 8601, such as 2026-11-23T09:00:00Z") from error
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def written(time: datetime) -> str:
    """A time as records have it. Pure."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z").replace(".000Z", "Z")


def seconds_between(begin: str, end: str) -> float:
    """Seconds from one time to another, none of them negative: clocks differ. Pure."""
    return max(0.0, round((moment("end", end) - moment("begin", begin)).total_seconds(), 3))


def fit_to_keep(record: Record) -> dict[str, Any]:
    """The record without what looks like a secret, and without the middle of long texts. Pure."""
    said = {name: masked_lines(record[name]) for name in TEXTS if record.get(name)}
    return {**{name: value for name, value in record.items() if value is not None}, **said}


def masked_lines(text: str) -> str:
    """A text of several lines without what looks like a secret, and not too long. Pure."""
    clean = "\n".join(masked(line) for line in text.splitlines())
    if len(clean) <= LONGEST_TEXT:
        return clean
    half = LONGEST_TEXT // 2
    return f"{clean[:half]}\n… {len(clean) - 2 * half} characters left out …\n{clean[-half:]}"


def append(aws: Aws, log_group: str, record: Record) -> None:
    """Keep a record (CreateLogStream, PutLogEvents)."""
    logs, stream = aws.client("logs"), record["service"]
    message = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    if len(message.encode()) > LARGEST_EVENT:
        raise PlatformError(f"record {record['id']}: has more than the {LARGEST_EVENT} bytes of an event")
    at = int(moment("ended_at", record["ended_at"]).timestamp() * 1000)
    event = {"timestamp": at, "message": message}

    def put() -> Any:
        return logs.put_log_events(logGroupName=log_group, logStreamName=stream, logEvents=[event])

    answer = aws.found(put, NO_HISTORY)
    if answer is None:
        aws.found(lambda: logs.create_log_stream(logGroupName=log_group, logStreamName=stream), THERE_ALREADY)
        answer = put()
    if answer.get("rejectedLogEventsInfo"):
        raise PlatformError(f"record {record['id']}: {log_group} refuses an event of {record['ended_at']}")


def has(aws: Aws, log_group: str, service: str, identifier: str) -> bool:
    """Whether a recent release is recorded (GetLogEvents)."""
    events, _token = _page(aws, log_group, service, RECENT)
    return any(record["id"] == identifier for record in parsed(events))


def records(aws: Aws, log_group: str, service: str, *, limit: int, since: datetime) -> list[dict[str, Any]]:
    """The last `limit` releases of a service, and all since a time, the newest first (GetLogEvents)."""
    found: dict[str, dict[str, Any]] = {}
    token: str | None = None
    for _page_number in range(MOST_PAGES):
        events, following = _page(aws, log_group, service, PAGE, token)
        for record in reversed(list(parsed(events))):
            found.setdefault(record["id"], record)
        oldest = min((moment("ended_at", record["ended_at"]) for record in found.values()), default=None)
        if following == token or (len(found) >= limit and oldest and oldest < since):
            break
        token = following
    ordered = sorted(found.values(), key=lambda record: moment("ended_at", record["ended_at"]), reverse=True)
    recent = [record for record in ordered if moment("ended_at", record["ended_at"]) >= since]
    return ordered[: max(limit, len(recent))]


def parsed(events: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    """Records among the events of a stream. Pure."""
    for event in events:
        try:
            record = json.loads(event["message"])
        except ValueError:
            continue  # somebody wrote to the stream by hand
        if isinstance(record, dict) and {"id", "started_at", "ended_at", "verdict", "verb"} <= set(record):
            yield record


def _page(
    aws: Aws, log_group: str, service: str, size: int, token: str | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """Events before those of `token`, the oldest first, and the token for those before them."""
    where = {"logGroupName": log_group, "logStreamName": service, "limit": size, "startFromHead": False}
    arguments = {**where, "nextToken": token} if token else where
    answer = aws.found(lambda: aws.client("logs").get_log_events(**arguments), NO_HISTORY)
    return (answer["events"], answer["nextBackwardToken"]) if answer else ([], token)
