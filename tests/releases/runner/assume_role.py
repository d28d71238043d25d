"""Stand-in for aws-actions/configure-aws-credentials: a role for a token that GitHub would have signed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import boto3

role, session = sys.argv[1:]
answer = boto3.client(
    "sts", region_name=os.environ["AWS_REGION"], aws_access_key_id="none", aws_secret_access_key="none"
).assume_role_with_web_identity(RoleArn=role, RoleSessionName=session, WebIdentityToken="stand-in")
found = answer["Credentials"]
variables = {
    "AWS_ACCESS_KEY_ID": found["AccessKeyId"],
    "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"],
    "AWS_SESSION_TOKEN": found["SessionToken"],
}
for value in variables.values():
    sys.stdout.write(f"::add-mask::{value}\n")
with Path(os.environ["GITHUB_ENV"]).open("a") as file:
    file.writelines(f"{name}={value}\n" for name, value in variables.items())
