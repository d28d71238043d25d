"""The role evidence fails for what breaks a control, before it is there and when it is, and says so in a report."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import boto3

ROOT = Path(__file__).resolve().parents[2]
# Says what it was asked, and finds one thing of ours.
PROWLER = """#!/bin/sh
directory= ; previous=
for argument in "$@"; do
  [ "$previous" = --output-directory ] && directory=$argument
  previous=$argument
done
env | grep ^AWS_ > "$directory/asked.txt"
cat > "$directory/prowler.csv" <<'END'
CHECK_ID;CHECK_TITLE;STATUS;STATUS_EXTENDED;RESOURCE_TYPE;RESOURCE_UID;RESOURCE_NAME;RESOURCE_TAGS;\
REMEDIATION_RECOMMENDATION_TEXT;ACCOUNT_UID;PROWLER_VERSION
s3_check;A title;FAIL;is open;AwsS3Bucket;arn:aws:s3:::<bucket>;<bucket>;;close it;123456789012;5.46.0
END
"""


def play(playbook: str, *arguments: str, **variables: str) -> tuple[int, str]:
    """Exit code and output, in which all white space is one blank."""
    given = {**variables, "ansible_python_interpreter": sys.executable}
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "-c", "local", *arguments),
            *("-e", json.dumps(given), ROOT / "tests" / "roles" / playbook),
        ],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, re.sub(r"\s+", " ", done.stdout + done.stderr)


def client(service: str, endpoint: str) -> Any:
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    return boto3.client(service, region_name="us-east-1", endpoint_url=endpoint, **keys)


def test_a_public_database_fails_before_there_is_one(aws_endpoint: str, tmp_path: Path) -> None:
    prefix = f"controls-{uuid.uuid4().hex[:8]}"
    given = {"prefix": prefix, "endpoint": aws_endpoint, "platform_reports": str(tmp_path)}
    code, told = play("open_database.yml", "--check", **given)

    assert code == 2, told
    assert f"RDS.2: db_instance {prefix}-open is publicly accessible" in told
    assert f"RDS.2: db_instance {prefix}-closed" not in told
    instances = client("rds", aws_endpoint).describe_db_instances()["DBInstances"]
    assert not [one for one in instances if prefix in one["DBInstanceIdentifier"]]


def test_what_is_there_is_reported_with_what_prowler_finds(aws_endpoint: str, tmp_path: Path) -> None:
    prefix, s3 = f"controls-{uuid.uuid4().hex[:8]}", client("s3", aws_endpoint)
    s3.create_bucket(Bucket=prefix)
    tags = [{"Key": "Project", "Value": "controls"}, {"Key": "Environment", "Value": prefix}]
    s3.put_bucket_tagging(Bucket=prefix, Tagging={"TagSet": tags})
    prowler = tmp_path / "prowler"
    prowler.write_text(PROWLER.replace("<bucket>", prefix))
    prowler.chmod(0o700)

    reports = tmp_path / "reports"
    code, told = play(
        "open_bucket.yml", prefix=prefix, endpoint=aws_endpoint, prowler=str(prowler), directory=str(reports)
    )
    s3.delete_bucket(Bucket=prefix)

    assert code == 2, told
    assert f"S3.14: bucket {prefix} keeps no former versions" in told
    assert f"prowler:s3_check: AwsS3Bucket {prefix} is open; close it" in told
    assert "changed=0" in told
    report, page = reports / "latest" / "evidence.json", reports / "latest" / "evidence.html"
    made = json.loads(report.read_text())
    assert (made["verdict"], made["name"], made["commit"]) == ("failed", prefix, "1ff2ea8")
    assert made["prowler"]["checks"][0]["status"] == "failed"
    assert f"bucket {prefix}" in page.read_text()
    assert {stat.S_IMODE(path.stat().st_mode) for path in (report, page)} == {0o600}
    asked = (reports / "latest" / "asked.txt").read_text()
    assert f"AWS_ENDPOINT_URL={aws_endpoint}" in asked
    assert "AWS_REGION=us-east-1" in asked
