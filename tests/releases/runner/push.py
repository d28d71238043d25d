"""Stand-in for `skopeo copy` from an OCI layout to ECR: the local cloud does not speak as registries do."""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
from pathlib import Path

import boto3

parser = argparse.ArgumentParser()
parser.add_argument("copy", choices=["copy"])
parser.add_argument("--preserve-digests", action="store_true", required=True)
parser.add_argument("--authfile", type=Path, required=True)
parser.add_argument("source")
parser.add_argument("target")
arguments = parser.parse_args()

print("stand-in for skopeo")
found = re.fullmatch(r"docker://([^/]+\.dkr\.ecr\.[^/]+\.amazonaws\.com)/([^:]+):(.+)", arguments.target)
assert found, arguments.target
registry, repository, tag = found.groups()
assert arguments.authfile.stat().st_mode & 0o077 == 0, "others can read the token"
token = base64.b64decode(json.loads(arguments.authfile.read_text())["auths"][registry]["auth"]).decode()
assert token.startswith("AWS:"), "unauthorized: authentication required"
layout = Path(arguments.source.removeprefix("oci:"))
(entry,) = json.loads((layout / "index.json").read_text())["manifests"]
manifest = (layout / "blobs" / entry["digest"].replace(":", "/")).read_text()
boto3.client("ecr", region_name=os.environ["AWS_REGION"]).put_image(
    repositoryName=repository,
    imageManifest=manifest,
    imageManifestMediaType=entry["mediaType"],
    imageTag=tag,
    imageDigest=entry["digest"],
)
