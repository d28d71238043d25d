# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetches a set of files from S3: all of them, unaltered, or none. Arguments: bucket, prefix, folder."""

import hashlib
import os
import sys
from pathlib import Path

sys.path.append("/var/runtime")  # where the image keeps boto3

import boto3
from botocore.exceptions import BotoCoreError, ClientError


def fetched(bucket: str, prefix: str) -> dict[str, bytes]:
    """Content by path below the prefix."""
    s3 = boto3.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    return {key[len(prefix) + 1 :]: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def digest_of(files: dict[str, bytes]) -> str:
    """SHA-256 of what sha256sum prints for the files, sorted by path: the name of the set they belong to."""
    lines = [f"{hashlib.sha256(content).hexdigest()}  {path}\n" for path, content in sorted(files.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def main(bucket: str, prefix: str, folder: str) -> None:
    place = f"configuration s3://{bucket}/{prefix}"
    try:
        files = fetched(bucket, prefix)
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"{place}: {error}")
    if not files:
        sys.exit(f"{place}: no files there; were they removed since this revision was made?")
    if digest_of(files) != prefix.rpartition("/")[2]:
        sys.exit(f"{place}: the files are not those it is named after: some are missing or altered")
    os.umask(0o022)  # the containers that read them run as other users
    for path, content in files.items():
        target = Path(folder, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    print(f"{place}: {len(files)} files in place")


if __name__ == "__main__":
    main(*sys.argv[1:])
