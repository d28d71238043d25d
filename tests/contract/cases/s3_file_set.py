"""Contract cases of s3_file_set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Boto, Case

BUCKET, PREFIX = "contract-file-set", "services/prometheus"
FILES = {"prometheus.yml": "global: {}\n", "rules/availability.yml": "groups: []\n"}
# Looks like a digest of ours, below a prefix that only begins like ours.
DIGEST = "0" * 64
LOOKALIKES = (f"{PREFIX}/README", f"{PREFIX}-too/{DIGEST}/prometheus.yml", f"services/{DIGEST}/prometheus.yml")


def bucket(boto: Boto) -> Mapping[str, Any]:
    boto("s3").create_bucket(Bucket=BUCKET)
    return {"bucket": BUCKET}


def lookalikes(boto: Boto) -> Callable[[], Any]:
    """Objects of others below the prefix, and of another set."""
    s3 = boto("s3")
    for key in LOOKALIKES:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"theirs")
    return lambda: [s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in LOOKALIKES]


CASES = [
    Case(
        name="s3_file_set",
        module="s3_file_set",
        present={"prefix": PREFIX, "files": FILES, "validate": [["grep", "-q", "global", "prometheus.yml"]]},
        absent={"state": "absent"},
        prepare=bucket,
        edits={
            "content": {"files": {**FILES, "prometheus.yml": "global: {scrape_interval: 10s}\n"}},
            "path": {"files": {"prometheus.yml": FILES["prometheus.yml"], "rules/other.yml": "groups: []\n"}},
            "one more": {"files": {**FILES, "notes.txt": "größer\n"}},
            "one fewer": {"files": {"prometheus.yml": FILES["prometheus.yml"]}},
            "fewer kept": {"files": {"prometheus.yml": "global: {a: 1}\n"}, "keep": 2, "keep_days": 0},
        },
        foreign=lookalikes,
    ),
]
