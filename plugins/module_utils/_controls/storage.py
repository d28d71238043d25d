# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of what is encrypted and stored: KMS, S3 and SNS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import policies
from .model import ACCOUNT, Check, Control, Resource, World, also, flag

KEY, BUCKET, TOPIC = "key", "bucket", "topic"
BLOCKS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
LEAVING = ("PendingDeletion", "PendingReplicaDeletion")
READS = ("s3:*", "*", "s3:Get", "s3:List")
WRITES = ("s3:*", "*", "s3:Put", "s3:Delete", "s3:Abort", "s3:Restore")
ANY_KEY = "decrypts with any key there is"


def no_decryption_with_any_key(role: Resource, _world: World) -> str:
    found = [
        name for name, document in role.get("inline_policies", {}).items() if policies.decrypts_everything(document)
    ]
    return f"{', '.join(sorted(found))} {ANY_KEY}" if found else ""


def no_policy_with_any_key(policy: Resource, _world: World) -> str:
    return ANY_KEY if policies.decrypts_everything(policy.get("document")) else ""


def stays(key: Resource, _world: World) -> str:
    return "is going to be deleted" if key.get("state") in LEAVING else ""


def rotates(key: Resource, _world: World) -> str:
    return "" if key.get("rotation_days", 0) else "is never rotated"


def is_symmetric(key: Resource, _world: World) -> bool:
    """Other keys cannot be rotated, nor those that are leaving."""
    return str(key.get("key_spec", "SYMMETRIC_DEFAULT")) == "SYMMETRIC_DEFAULT" and key.get("state") not in LEAVING


def open_to_all(resource: Resource, _world: World) -> str:
    return "its policy lets everybody in" if policies.is_public(resource.get("policy")) else ""


def blocked(resource: Resource, _world: World) -> str:
    return _open_doors(resource.get("public_access_block", {}))


def account_blocked(_account: Resource, world: World) -> str:
    setting = world.named("account_setting", "s3_public_access_block")
    return _open_doors(setting.facts if setting else {})


def _open_doors(block: Mapping[str, Any]) -> str:
    missing = [name for name in BLOCKS if not block.get(name)]
    return f"does not {', '.join(name.replace('_', ' ') for name in missing)}" if missing else ""


def nobody_may(actions: Iterable[str]) -> Check:
    """A check that the public may do none of `actions`, by policy or by access control list."""
    begins = tuple(actions)

    def check(bucket: Resource, _world: World) -> str:
        block = bucket.get("public_access_block", {})
        open_by_policy = {one for one in policies.public_actions(bucket.get("policy")) if one.startswith(begins)}
        if open_by_policy and not block.get("restrict_public_buckets"):
            return f"its policy lets everybody {', '.join(sorted(open_by_policy))}"
        return ""

    return check


def only_tls(bucket: Resource, _world: World) -> str:
    return "" if policies.refuses_plain_text(bucket.get("policy")) else "takes requests in plain text"


def records_access(bucket: Resource, _world: World) -> str:
    return "" if bucket.get("logging", {}).get("target_bucket") else "keeps no record of requests"


def no_lists(bucket: Resource, _world: World) -> str:
    enforced = bucket.get("object_ownership") == "BucketOwnerEnforced"
    return "" if enforced else "takes access control lists"


def versioned(bucket: Resource, _world: World) -> str:
    return "" if bucket.get("versioning") == "Enabled" else "keeps no former versions"


def own_key(bucket: Resource, _world: World) -> str:
    algorithm = bucket.get("server_side_encryption", {}).get("sse_algorithm", "AES256")
    return "" if str(algorithm).startswith("aws:kms") else "is not encrypted with a key of KMS"


ROTATION = Control(
    "KMS.4",
    "Keys are rotated",
    KEY,
    rotates,
    "encryption_rotation_days",
    applies=is_symmetric,
)

CONTROLS = (
    Control(
        "KMS.1", "No policy decrypts with any key", "policy", no_policy_with_any_key, "name the keys in the policy"
    ),
    Control(
        "KMS.2",
        "No role decrypts with any key",
        "role",
        no_decryption_with_any_key,
        "name the keys in the role's policy",
    ),
    Control("KMS.3", "No key of ours is about to be deleted", KEY, stays, "CancelKeyDeletion, or let site.yml do it"),
    ROTATION,
    also(ROTATION, "CIS v3 3.6"),
    Control("KMS.5", "Keys are not open to everybody", KEY, open_to_all, "encryption_keys: the policy of the key"),
    Control(
        "S3.1",
        "The account keeps the public out of all buckets",
        ACCOUNT,
        account_blocked,
        "the role audit sets it: run site.yml --tags audit",
        reads=("account_setting",),
    ),
    Control("S3.2", "The public cannot read buckets", BUCKET, nobody_may(READS), "the policy of the bucket"),
    Control("S3.3", "The public cannot write to buckets", BUCKET, nobody_may(WRITES), "the policy of the bucket"),
    Control(
        "S3.5", "Buckets take requests with TLS only", BUCKET, only_tls, "the policy of the bucket: deny without TLS"
    ),
    Control("S3.8", "Buckets keep the public out", BUCKET, blocked, "public_access_block of the bucket"),
    Control("S3.9", "Buckets record requests", BUCKET, records_access, "logging of the bucket"),
    Control("S3.12", "Buckets take no access control lists", BUCKET, no_lists, "object_ownership: BucketOwnerEnforced"),
    Control(
        "S3.13",
        "What is in buckets goes in time",
        BUCKET,
        flag("lifecycle_rules", "keeps all for ever"),
        "lifecycle_rules",
    ),
    Control("S3.14", "Buckets keep former versions", BUCKET, versioned, "versioning: Enabled"),
    Control(
        "S3.17", "Buckets are encrypted with a key of KMS", BUCKET, own_key, "server_side_encryption of the bucket"
    ),
    Control(
        "SNS.1",
        "Topics are encrypted",
        TOPIC,
        flag("kms_master_key_id", "is not encrypted"),
        "kms_master_key_id of the topic",
    ),
    Control("SNS.4", "Topics are not open to everybody", TOPIC, open_to_all, "the policy of the topic"),
)
