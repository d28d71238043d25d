#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: an ElastiCache replication group with its groups and users."""

from __future__ import annotations

DOCUMENTATION = r"""
module: elasticache_replication_group
version_added: "0.1.0"
short_description: Manage an ElastiCache replication group with its subnet group, parameter group and users
description:
  - Brings a Redis or Valkey replication group, the cache subnet group, the cache parameter group and the users it needs
    to their desired state in one task.
  - ElastiCache makes one modification at a time. A change that takes several, such as more replicas and a new AUTH
    token, is made one by one, each when the one before is done.
  - Refuses before the first write what ElastiCache cannot do, such as switching cluster mode or encryption at rest of
    an existing group, and names the way around.
  - Tokens and passwords cannot be read back from AWS. To see that one was changed, a tag named
    C(trademaster.platform:fingerprint) is kept on the replication group and on each user. It holds a salted fingerprint
    that is slow to compute and cut to 32 bits, so that it does not tell the secret to those who may read tags. A group
    that has a token but no such tag gets its token rotated once.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  state:
    description:
      - V(absent) removes the replication group, waits until it is gone and then removes the groups that list subnets
        or parameters, the user group and the users that are listed. What is only referred to by name stays.
    type: str
    choices: [present, absent]
    default: present
  replication_group_id:
    description: Name of the replication group.
    type: str
    required: true
  description:
    description: What the replication group is for.
    type: str
  engine:
    description: Engine. A group can be changed from V(redis) to V(valkey), not back.
    type: str
    choices: [redis, valkey]
    default: redis
  engine_version:
    description:
      - Version, such as V(7.1). Later ones of the same major version satisfy it.
      - Needed to create a group.
    type: str
  cache_node_type:
    description: Node type, such as V(cache.t4g.small). Needed to create a group.
    type: str
  cluster_mode:
    description: Whether data is spread over several shards. Cannot be changed later.
    type: str
    choices: [enabled, disabled]
    default: disabled
  num_cache_clusters:
    description: Number of nodes, the primary and its replicas, without cluster mode. Needed to create such a group.
    type: int
  num_node_groups:
    description: Number of shards with cluster mode. Needed to create such a group.
    type: int
  replicas_per_node_group:
    description: Number of replicas of each shard with cluster mode. Needed to create such a group.
    type: int
  automatic_failover_enabled:
    description: Whether a replica takes over from a lost primary. Always the case with cluster mode.
    type: bool
  multi_az_enabled:
    description: Whether primary and replicas are placed in different availability zones.
    type: bool
  cache_subnet_group:
    description: Subnets of the replication group.
    type: dict
    suboptions:
      name:
        description: Name of the group; that of the replication group when omitted.
        type: str
      description:
        description: What the group is for.
        type: str
      subnet_ids:
        description: Subnets, in two or more availability zones for Multi-AZ. When omitted, the group has to exist.
        type: list
        elements: str
  cache_parameter_group:
    description: Parameters of the engine. AWS's default group of the family when omitted.
    type: dict
    suboptions:
      name:
        description:
          - Name of the group; when omitted, that of the replication group and the family, as in V(sessions-redis7).
        type: str
      description:
        description: What the group is for.
        type: str
      family:
        description: Family of the group; when omitted, that of the engine version, as in V(redis7).
        type: str
      parameters:
        description:
          - All parameters that differ from the engine's defaults. Others that were set are reset.
          - C(cluster-enabled) follows O(cluster_mode) and need not be given.
          - When omitted, the group of that name has to exist.
        type: dict
  security_group_ids:
    description: Security groups of the nodes.
    type: list
    elements: str
  port:
    description: Port of the nodes. AWS takes V(6379) when omitted. Cannot be changed later.
    type: int
  transit_encryption_enabled:
    description:
      - Whether clients use TLS.
      - On an existing group it is turned on with O(transit_encryption_mode=preferred) first, and off from there.
    type: bool
    default: true
  transit_encryption_mode:
    description: Whether clients without TLS are let in as well. AWS takes V(required) when omitted.
    type: str
    choices: [preferred, required]
  at_rest_encryption_enabled:
    description: Whether data on disk and in snapshots is encrypted. Cannot be changed later.
    type: bool
    default: true
  kms_key_id:
    description: Key, alias or ARN that encrypts data at rest. Cannot be changed later.
    type: str
  auth_token:
    description:
      - Token that clients give as password, 16 to 128 characters. Never shown.
      - A changed token is rotated according to O(auth_token_update_strategy).
    type: str
  auth_token_secret_id:
    description:
      - Name or ARN of a Secrets Manager secret whose text is the token, instead of O(auth_token).
      - The module reads it by itself, so that the token is never a variable of the play.
      - In check mode the secret need not exist yet.
    type: str
  auth_token_secret_version_id:
    description: Version of O(auth_token_secret_id) to take instead of the current one, such as the one that comes next.
    type: str
  auth_token_update_strategy:
    description:
      - With V(SET) a changed token is added, and once it works the one before is dropped.
      - With V(ROTATE) the one before stays valid until a run with V(SET), so that clients can move over in between.
    type: str
    choices: [SET, ROTATE]
    default: SET
  user_group:
    description: Users that may enter, instead of an AUTH token.
    type: dict
    suboptions:
      user_group_id:
        description: Name of the user group.
        type: str
        required: true
      users:
        description:
          - All members of the group. Former members are removed from it, and deleted if they carry O(tags).
          - When omitted, the group has to exist.
        type: list
        elements: dict
        suboptions:
          user_id:
            description: Name of the user in ElastiCache.
            type: str
            required: true
          user_name:
            description: Name that clients give. With engine V(redis) one user has to be named V(default).
            type: str
            required: true
          access_string:
            description: What the user may do, in the engine's ACL syntax.
            type: str
            required: true
          passwords:
            description: One password, or the new and the old one. Never shown.
            type: list
            elements: str
          no_password_required:
            description: Whether the user enters without a password.
            type: bool
            default: false
  snapshot_retention_limit:
    description: Days that automatic snapshots are kept. V(0) turns them off.
    type: int
  snapshot_window:
    description: Daily window for snapshots in UTC, as in V(02:00-03:00).
    type: str
  preferred_maintenance_window:
    description: Weekly window for maintenance in UTC, as in V(sun:03:30-sun:04:30).
    type: str
  auto_minor_version_upgrade:
    description: Whether ElastiCache upgrades to new minor versions in the maintenance window.
    type: bool
  notification_topic_arn:
    description: SNS topic that is told of events. Empty turns notifications off.
    type: str
  log_delivery_configurations:
    description: Logs that are delivered. An empty list turns all of them off.
    type: list
    elements: dict
    suboptions:
      log_type:
        description: Which log.
        type: str
        choices: [slow-log, engine-log]
        required: true
      destination_type:
        description: Where to.
        type: str
        choices: [cloudwatch-logs, kinesis-firehose]
        default: cloudwatch-logs
      destination:
        description: Name of the log group or delivery stream.
        type: str
        required: true
      log_format:
        description: Format of the entries.
        type: str
        choices: [json, text]
        default: json
  apply_immediately:
    description:
      - Whether a new node type or engine version is taken on at once instead of in the maintenance window.
      - Replicas, shards, encryption, tokens and users always change at once.
    type: bool
    default: false
  final_snapshot_identifier:
    description:
      - Start of the name of a last snapshot that O(state=absent) makes; the time is appended, so that it is always a
        new one. No snapshot is made when omitted.
    type: str
  wait:
    description:
      - Whether to wait until the replication group is available, changed or gone. Running a task again with V(true)
        joins an operation that an earlier task has started.
      - A group that has to be changed is waited for in any case, since ElastiCache takes one change at a time.
    type: bool
    default: true
  create_timeout:
    description: Seconds to wait for a new replication group.
    type: int
    default: 2400
  modify_timeout:
    description: Seconds to wait for each modification.
    type: int
    default: 3600
  delete_timeout:
    description: Seconds to wait for a removal.
    type: int
    default: 2400
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: community.aws.elasticache
    description: Manages a single cache cluster.
"""

EXAMPLES = r"""
- name: Sessions of the authentication service, started early
  trademaster.platform.elasticache_replication_group:
    replication_group_id: trademaster-staging-sessions
    description: Sessions of the authentication service
    engine_version: "7.1"
    cache_node_type: cache.t4g.small
    num_cache_clusters: 2
    automatic_failover_enabled: true
    multi_az_enabled: true
    cache_subnet_group:
      subnet_ids: ["subnet-0a1b2c3d4e5f60001", "subnet-0a1b2c3d4e5f60002"]
    cache_parameter_group:
      parameters:
        maxmemory-policy: volatile-lru
    security_group_ids: ["sg-0a1b2c3d4e5f60002"]
    kms_key_id: alias/trademaster-staging-cache
    auth_token_secret_id: trademaster/staging/cache/sessions
    snapshot_retention_limit: 7
    tags:
      Project: trademaster
      Environment: staging
    wait: false

- name: Join it just before first use
  trademaster.platform.elasticache_replication_group:
    replication_group_id: trademaster-staging-sessions
    wait: true

- name: A cluster of three shards with users
  trademaster.platform.elasticache_replication_group:
    replication_group_id: trademaster-staging-market
    engine: valkey
    engine_version: "8.0"
    cache_node_type: cache.r7g.large
    cluster_mode: enabled
    num_node_groups: 3
    replicas_per_node_group: 1
    cache_subnet_group:
      name: trademaster-staging-sessions
    user_group:
      user_group_id: trademaster-staging-market
      users:
        - user_id: trademaster-staging-reader
          user_name: reader
          access_string: on ~* -@all +@read
          passwords: ["{{ reader_password }}"]
"""

RETURN = r"""
replication_group:
  description:
    - The replication group, empty once removed. What does not exist yet, in check mode or with O(wait=false), reads
      V((known after apply\)).
  returned: success
  type: dict
  contains:
    replication_group_id:
      description: Name of the replication group.
      type: str
      sample: trademaster-staging-sessions
    arn:
      description: ARN of the replication group.
      type: str
      sample: arn:aws:elasticache:us-east-1:123456789012:replicationgroup:trademaster-staging-sessions
    status:
      description: Status of the replication group.
      type: str
      sample: available
    port:
      description: Port of the nodes.
      type: int
      sample: 6379
    primary_endpoint:
      description: Where to write, without cluster mode.
      type: dict
      sample: {"address": "master.trademaster-staging-sessions.abc.use1.cache.amazonaws.com", "port": 6379}
    reader_endpoint:
      description: Where to read, without cluster mode.
      type: dict
      sample: {"address": "replica.trademaster-staging-sessions.abc.use1.cache.amazonaws.com", "port": 6379}
    configuration_endpoint:
      description: Where cluster-aware clients start, with cluster mode.
      type: dict
      sample: {"address": "clustercfg.trademaster-staging-market.abc.use1.cache.amazonaws.com", "port": 6379}
    member_clusters:
      description: Names of the nodes.
      type: list
      elements: str
      sample: ["trademaster-staging-sessions-001", "trademaster-staging-sessions-002"]
    cluster_mode:
      description: Whether data is spread over several shards.
      type: str
      sample: disabled
    engine:
      description: Engine that runs.
      type: str
      sample: redis
    engine_version:
      description: Version that runs.
      type: str
      sample: 7.1.0
    transit_encryption_enabled:
      description: Whether clients use TLS.
      type: bool
      sample: true
    auth_token_enabled:
      description: Whether clients give a token.
      type: bool
      sample: true
    user_group_ids:
      description: User groups whose members may enter.
      type: list
      elements: str
      sample: []
    cache_parameter_group_name:
      description: Parameter group of the nodes.
      type: str
      sample: trademaster-staging-sessions-redis7
    cache_subnet_group_name:
      description: Subnet group of the nodes.
      type: str
      sample: trademaster-staging-sessions
    pending_reboot:
      description: Whether parameters wait for a reboot of the nodes.
      type: bool
      sample: false
    pending_modified_values:
      description: Changes that wait for the maintenance window or are under way.
      type: dict
      sample: {"cache_node_type": "cache.t4g.medium"}
final_snapshot_identifier:
  description: Name of the last snapshot, if one was made.
  returned: when O(state=absent)
  type: str
  sample: trademaster-staging-sessions-final-20260115093000
changes:
  description: What was changed, or in check mode would be.
  returned: success
  type: list
  elements: dict
  sample:
    - op: update
      kind: replication_group
      key: trademaster-staging-sessions
      fields: [num_cache_clusters]
waits:
  description: Waits this task went through, in seconds.
  returned: success
  type: list
  elements: dict
  sample: [{"name": "replication group trademaster-staging-sessions available", "seconds": 512.8}]
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.elasticache.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

SUBNET_GROUP = {
    "name": {"type": "str"},
    "description": {"type": "str"},
    "subnet_ids": {"type": "list", "elements": "str"},
}
PARAMETER_GROUP = {
    "name": {"type": "str"},
    "description": {"type": "str"},
    "family": {"type": "str"},
    "parameters": {"type": "dict"},
}
USER = {
    "user_id": {"type": "str", "required": True},
    "user_name": {"type": "str", "required": True},
    "access_string": {"type": "str", "required": True},
    "passwords": {"type": "list", "elements": "str", "no_log": True},
    "no_password_required": {"type": "bool", "default": False, "no_log": False},
}
USER_GROUP = {
    "user_group_id": {"type": "str", "required": True},
    "users": {"type": "list", "elements": "dict", "options": USER},
}
LOG_DELIVERY = {
    "log_type": {"type": "str", "choices": ["slow-log", "engine-log"], "required": True},
    "destination_type": {
        "type": "str",
        "choices": ["cloudwatch-logs", "kinesis-firehose"],
        "default": "cloudwatch-logs",
    },
    "destination": {"type": "str", "required": True},
    "log_format": {"type": "str", "choices": ["json", "text"], "default": "json"},
}

ARGUMENT_SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "replication_group_id": {"type": "str", "required": True},
    "description": {"type": "str"},
    "engine": {"type": "str", "choices": ["redis", "valkey"], "default": "redis"},
    "engine_version": {"type": "str"},
    "cache_node_type": {"type": "str"},
    "cluster_mode": {"type": "str", "choices": ["enabled", "disabled"], "default": "disabled"},
    "num_cache_clusters": {"type": "int"},
    "num_node_groups": {"type": "int"},
    "replicas_per_node_group": {"type": "int"},
    "automatic_failover_enabled": {"type": "bool"},
    "multi_az_enabled": {"type": "bool"},
    "cache_subnet_group": {"type": "dict", "options": SUBNET_GROUP},
    "cache_parameter_group": {"type": "dict", "options": PARAMETER_GROUP},
    "security_group_ids": {"type": "list", "elements": "str"},
    "port": {"type": "int"},
    "transit_encryption_enabled": {"type": "bool", "default": True},
    "transit_encryption_mode": {"type": "str", "choices": ["preferred", "required"]},
    "at_rest_encryption_enabled": {"type": "bool", "default": True},
    "kms_key_id": {"type": "str"},
    "auth_token": {"type": "str", "no_log": True},
    "auth_token_secret_id": {"type": "str", "no_log": False},
    "auth_token_secret_version_id": {"type": "str", "no_log": False},
    "auth_token_update_strategy": {"type": "str", "choices": ["SET", "ROTATE"], "default": "SET", "no_log": False},
    "user_group": {"type": "dict", "options": USER_GROUP},
    "snapshot_retention_limit": {"type": "int"},
    "snapshot_window": {"type": "str"},
    "preferred_maintenance_window": {"type": "str"},
    "auto_minor_version_upgrade": {"type": "bool"},
    "notification_topic_arn": {"type": "str"},
    "log_delivery_configurations": {"type": "list", "elements": "dict", "options": LOG_DELIVERY},
    "apply_immediately": {"type": "bool", "default": False},
    "final_snapshot_identifier": {"type": "str"},
    "wait": {"type": "bool", "default": True},
    "create_timeout": {"type": "int", "default": 2400},
    "modify_timeout": {"type": "int", "default": 3600},
    "delete_timeout": {"type": "int", "default": 2400},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(
        ARGUMENT_SPEC,
        run,
        mutually_exclusive=[("auth_token", "auth_token_secret_id")],
        required_by={"auth_token_secret_version_id": "auth_token_secret_id"},
    )


if __name__ == "__main__":
    main()
