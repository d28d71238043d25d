#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: an RDS for PostgreSQL instance with its groups."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_instance
version_added: "0.1.0"
short_description: Manage an RDS for PostgreSQL instance with its subnet and parameter group
description:
  - Brings a DB instance, the DB subnet group and the DB parameter group it needs to their desired state in one task.
  - What the instance is compared with is its current state plus what waits for the next maintenance window, so that a
    change is asked for once. With O(apply_immediately=true) a waiting change is applied at once instead.
  - Refuses before the first write what RDS cannot do, such as shrinking storage, going back to an older version or
    encrypting an existing instance.
  - A minor version that RDS has upgraded by itself is left alone, as is storage that autoscaling has enlarged.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  state:
    description:
      - V(absent) removes the instance, waits until it is gone and then removes the groups that list subnets or
        parameters. Groups that are only referred to by name stay.
    type: str
    choices: [present, absent]
    default: present
  db_instance_identifier:
    description: Name of the instance.
    type: str
    required: true
  db_subnet_group:
    description: Subnets of the instance.
    type: dict
    suboptions:
      name:
        description: Name of the group; that of the instance when omitted.
        type: str
      description:
        description: What the group is for.
        type: str
      subnet_ids:
        description: Subnets in two or more availability zones. When omitted, the group of that name has to exist.
        type: list
        elements: str
  db_parameter_group:
    description: Parameters of the database engine.
    type: dict
    suboptions:
      name:
        description: Name of the group; when omitted, that of the instance and the family, as in V(auth-postgres17).
        type: str
      description:
        description: What the group is for.
        type: str
      family:
        description: Family of the group; when omitted, the engine with its major version, as in V(postgres17).
        type: str
      parameters:
        description:
          - All parameters that differ from the engine's defaults. Others that were set are reset.
          - Static parameters take effect with the next reboot; see O(reboot_when_pending).
          - When omitted, the group of that name has to exist.
        type: dict
  engine:
    description: Database engine.
    type: str
    choices: [postgres]
    default: postgres
  engine_version:
    description:
      - Major version, such as V(17), which any minor version of it satisfies, or a minor version, such as V(17.4),
        which later ones of the same major version satisfy.
      - Needed to create an instance.
    type: str
  allow_major_version_upgrade:
    description:
      - Whether O(engine_version) may be a major version above the one that runs. Wants O(apply_immediately=true).
    type: bool
    default: false
  auto_minor_version_upgrade:
    description: Whether RDS upgrades to new minor versions in the maintenance window.
    type: bool
  db_instance_class:
    description: Compute class, such as V(db.t4g.medium). Needed to create an instance.
    type: str
  allocated_storage:
    description: Storage in GiB. Needed to create an instance.
    type: int
  max_allocated_storage:
    description: Limit up to which RDS enlarges the storage by itself, in GiB. V(0) turns that off.
    type: int
  storage_type:
    description: Kind of storage.
    type: str
    choices: [gp2, gp3, io1, io2]
  iops:
    description: Provisioned operations a second, for V(io1), V(io2), and V(gp3) from 400 GiB.
    type: int
  storage_throughput:
    description: Throughput in MiB/s, for V(gp3) from 400 GiB.
    type: int
  storage_encrypted:
    description: Whether the storage is encrypted. Cannot be changed later.
    type: bool
    default: true
  kms_key_id:
    description: Key, alias or ARN that encrypts the storage. Cannot be changed later.
    type: str
  multi_az:
    description: Whether a standby runs in a second availability zone.
    type: bool
  publicly_accessible:
    description: Whether the endpoint resolves to a public address.
    type: bool
    default: false
  vpc_security_group_ids:
    description: Security groups of the instance.
    type: list
    elements: str
  port:
    description: Port of the database. AWS takes V(5432) when omitted.
    type: int
  db_name:
    description: Database made together with the instance. Cannot be changed later.
    type: str
  master_username:
    description: Name of the master user. Needed to create an instance, cannot be changed later.
    type: str
  manage_master_user_password:
    description: Whether RDS makes the master password, keeps it in Secrets Manager and rotates it.
    type: bool
  master_user_secret_kms_key_id:
    description: Key, alias or ARN that encrypts the managed secret.
    type: str
  master_user_password:
    description:
      - Password of the master user, where O(manage_master_user_password) is not used. Never shown.
      - Used when the instance is made. It cannot be read back, so later it is only set with
        O(update_master_user_password=true).
    type: str
  update_master_user_password:
    description: Whether to set O(master_user_password) on an existing instance; every such run counts as a change.
    type: bool
    default: false
  enable_iam_database_authentication:
    description: Whether IAM principals can sign in to the database.
    type: bool
  ca_certificate_identifier:
    description: Certificate authority of the server certificate, such as V(rds-ca-rsa2048-g1).
    type: str
  backup_retention_period:
    description: Days that automated backups are kept. V(0) turns them off.
    type: int
  preferred_backup_window:
    description: Daily window for backups in UTC, as in V(02:00-03:00).
    type: str
  preferred_maintenance_window:
    description: Weekly window for maintenance in UTC, as in V(sun:03:30-sun:04:30).
    type: str
  copy_tags_to_snapshot:
    description: Whether snapshots carry the tags of the instance.
    type: bool
  deletion_protection:
    description: Whether the instance is protected from deletion. Set it to V(false) to remove a protected instance.
    type: bool
  enable_performance_insights:
    description: Whether Performance Insights collects data.
    type: bool
  performance_insights_kms_key_id:
    description: Key, alias or ARN that encrypts the data of Performance Insights.
    type: str
  performance_insights_retention_period:
    description: Days that data of Performance Insights is kept; V(7), V(731) or a multiple of V(31).
    type: int
  database_insights_mode:
    description: Mode of CloudWatch Database Insights. V(advanced) wants a retention period of V(465) days or more.
    type: str
    choices: [standard, advanced]
  monitoring_interval:
    description: Seconds between two points of Enhanced Monitoring. V(0) turns it off.
    type: int
    choices: [0, 1, 5, 10, 15, 30, 60]
  monitoring_role_arn:
    description: Role by which Enhanced Monitoring writes to CloudWatch Logs.
    type: str
  enable_cloudwatch_logs_exports:
    description: Logs that are exported to CloudWatch Logs, of V(postgresql), V(upgrade) and V(iam-db-auth-error).
    type: list
    elements: str
  apply_immediately:
    description: Whether changes are made at once instead of in the maintenance window.
    type: bool
    default: false
  reboot_when_pending:
    description: Whether to reboot the instance when static parameters wait for it.
    type: bool
    default: false
  skip_final_snapshot:
    description: Whether O(state=absent) makes no last snapshot.
    type: bool
    default: false
  final_db_snapshot_identifier:
    description:
      - Start of the name of the last snapshot; the time is appended, so that it is always a new one.
      - That of the instance with V(-final) when omitted.
    type: str
  delete_automated_backups:
    description: Whether O(state=absent) removes the automated backups as well.
    type: bool
    default: true
  wait:
    description:
      - Whether to wait until the instance is available, changed or gone. Running a task again with V(true) joins an
        operation that an earlier task has started.
      - An instance that has to be changed is waited for in any case, since RDS takes changes only when available.
    type: bool
    default: true
  create_timeout:
    description: Seconds to wait for a new instance.
    type: int
    default: 3600
  modify_timeout:
    description: Seconds to wait for a change or a reboot.
    type: int
    default: 3600
  delete_timeout:
    description: Seconds to wait for a removal.
    type: int
    default: 3600
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: amazon.aws.rds_instance
    description: Manages instances of all engines, without their groups and without a managed master password.
"""

EXAMPLES = r"""
- name: Database of the authentication service, started early
  trademaster.platform.rds_instance:
    db_instance_identifier: trademaster-staging-auth
    engine_version: "17"
    db_instance_class: db.t4g.medium
    allocated_storage: 50
    max_allocated_storage: 200
    storage_type: gp3
    kms_key_id: alias/trademaster-staging-database
    multi_az: true
    db_subnet_group:
      subnet_ids: ["subnet-0a1b2c3d4e5f60001", "subnet-0a1b2c3d4e5f60002"]
    db_parameter_group:
      parameters:
        rds.force_ssl: true
        log_min_duration_statement: 500
    vpc_security_group_ids: ["sg-0a1b2c3d4e5f60001"]
    db_name: trademaster_auth
    master_username: trademaster_admin
    manage_master_user_password: true
    backup_retention_period: 14
    deletion_protection: true
    enable_performance_insights: true
    enable_cloudwatch_logs_exports: [postgresql, upgrade]
    tags:
      Project: trademaster
      Environment: staging
    wait: false

- name: Join it just before first use
  trademaster.platform.rds_instance:
    db_instance_identifier: trademaster-staging-auth
    wait: true

- name: Remove it with a last snapshot
  trademaster.platform.rds_instance:
    db_instance_identifier: trademaster-staging-auth
    state: absent
    deletion_protection: false
    wait: true
"""

RETURN = r"""
db_instance:
  description:
    - The instance, empty once removed. What does not exist yet, in check mode or with O(wait=false), reads
      V((known after apply\)).
  returned: success
  type: dict
  contains:
    db_instance_identifier:
      description: Name of the instance.
      type: str
      sample: trademaster-staging-auth
    db_instance_arn:
      description: ARN of the instance.
      type: str
      sample: arn:aws:rds:us-east-1:123456789012:db:trademaster-staging-auth
    dbi_resource_id:
      description: Immutable id, used in IAM policies and by Performance Insights.
      type: str
      sample: db-ABCDEFGHIJKLMNOPQRSTUVWXYZ
    status:
      description: Status of the instance.
      type: str
      sample: available
    endpoint:
      description: Address and port of the database.
      type: dict
      sample: {"address": "trademaster-staging-auth.abc.us-east-1.rds.amazonaws.com", "port": 5432}
    engine_version:
      description: Version that runs.
      type: str
      sample: "17.4"
    db_name:
      description: Database made together with the instance.
      type: str
      sample: trademaster_auth
    master_username:
      description: Name of the master user.
      type: str
      sample: trademaster_admin
    master_user_secret_arn:
      description: Secret with the master user's name and password, where RDS manages it.
      type: str
      sample: arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-1a2b3c4d-AbCdEf
    multi_az:
      description: Whether there is a standby.
      type: bool
      sample: true
    db_subnet_group_name:
      description: Subnet group of the instance.
      type: str
      sample: trademaster-staging-auth
    db_parameter_group_name:
      description: Parameter group of the instance.
      type: str
      sample: trademaster-staging-auth-postgres17
    pending_reboot:
      description: Whether static parameters wait for a reboot.
      type: bool
      sample: false
    pending_modified_values:
      description: Changes that wait for the maintenance window.
      type: dict
      sample: {"db_instance_class": "db.t4g.large"}
final_db_snapshot_identifier:
  description: Name of the last snapshot, if one was made.
  returned: when O(state=absent)
  type: str
  sample: trademaster-staging-auth-final-20260115093000
changes:
  description: What was changed, or in check mode would be.
  returned: success
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "db_instance", "key": "trademaster-staging-auth", "fields": ["db_instance_class"]}
waits:
  description: Waits this task went through, in seconds.
  returned: success
  type: list
  elements: dict
  sample: [{"name": "db instance trademaster-staging-auth available", "seconds": 612.4}]
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.rds.run import run
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

ARGUMENT_SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "db_instance_identifier": {"type": "str", "required": True},
    "db_subnet_group": {"type": "dict", "options": SUBNET_GROUP},
    "db_parameter_group": {"type": "dict", "options": PARAMETER_GROUP},
    "engine": {"type": "str", "choices": ["postgres"], "default": "postgres"},
    "engine_version": {"type": "str"},
    "allow_major_version_upgrade": {"type": "bool", "default": False},
    "auto_minor_version_upgrade": {"type": "bool"},
    "db_instance_class": {"type": "str"},
    "allocated_storage": {"type": "int"},
    "max_allocated_storage": {"type": "int"},
    "storage_type": {"type": "str", "choices": ["gp2", "gp3", "io1", "io2"]},
    "iops": {"type": "int"},
    "storage_throughput": {"type": "int"},
    "storage_encrypted": {"type": "bool", "default": True},
    "kms_key_id": {"type": "str"},
    "multi_az": {"type": "bool"},
    "publicly_accessible": {"type": "bool", "default": False},
    "vpc_security_group_ids": {"type": "list", "elements": "str"},
    "port": {"type": "int"},
    "db_name": {"type": "str"},
    "master_username": {"type": "str"},
    "manage_master_user_password": {"type": "bool", "no_log": False},
    "master_user_secret_kms_key_id": {"type": "str", "no_log": False},
    "master_user_password": {"type": "str", "no_log": True},
    "update_master_user_password": {"type": "bool", "default": False, "no_log": False},
    "enable_iam_database_authentication": {"type": "bool"},
    "ca_certificate_identifier": {"type": "str"},
    "backup_retention_period": {"type": "int"},
    "preferred_backup_window": {"type": "str"},
    "preferred_maintenance_window": {"type": "str"},
    "copy_tags_to_snapshot": {"type": "bool"},
    "deletion_protection": {"type": "bool"},
    "enable_performance_insights": {"type": "bool"},
    "performance_insights_kms_key_id": {"type": "str"},
    "performance_insights_retention_period": {"type": "int"},
    "database_insights_mode": {"type": "str", "choices": ["standard", "advanced"]},
    "monitoring_interval": {"type": "int", "choices": [0, 1, 5, 10, 15, 30, 60]},
    "monitoring_role_arn": {"type": "str"},
    "enable_cloudwatch_logs_exports": {"type": "list", "elements": "str"},
    "apply_immediately": {"type": "bool", "default": False},
    "reboot_when_pending": {"type": "bool", "default": False},
    "skip_final_snapshot": {"type": "bool", "default": False},
    "final_db_snapshot_identifier": {"type": "str"},
    "delete_automated_backups": {"type": "bool", "default": True},
    "wait": {"type": "bool", "default": True},
    "create_timeout": {"type": "int", "default": 3600},
    "modify_timeout": {"type": "int", "default": 3600},
    "delete_timeout": {"type": "int", "default": 3600},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
