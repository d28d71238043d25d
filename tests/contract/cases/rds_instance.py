"""Contract cases of rds_instance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.contract.case import Boto, Case, Options

TAGS = {"Project": "contract", "Environment": "test"}
PARAMETERS = {"rds.force_ssl": True, "log_min_duration_statement": 500}
PASSWORD = "correct-horse-battery"
MONITORING_ROLE = "arn:aws:iam::123456789012:role/contract-monitoring"

PRESENT = {
    "db_instance_identifier": "contract-database",
    "engine_version": "15",
    "db_instance_class": "db.t4g.micro",
    "allocated_storage": 20,
    "max_allocated_storage": 40,
    "storage_type": "gp3",
    "db_name": "contract",
    "master_username": "contract_admin",
    "master_user_password": PASSWORD,
    "backup_retention_period": 7,
    "preferred_backup_window": "02:00-03:00",
    "preferred_maintenance_window": "Sun:04:00-Sun:05:00",
    "copy_tags_to_snapshot": False,
    "enable_performance_insights": False,
    "database_insights_mode": "standard",
    "monitoring_interval": 0,
    "port": 5432,
    "ca_certificate_identifier": "rds-ca-rsa2048-g1",
    "deletion_protection": True,
    "enable_cloudwatch_logs_exports": ["postgresql"],
    "multi_az": False,
    "auto_minor_version_upgrade": True,
    "enable_iam_database_authentication": False,
    "apply_immediately": True,
    "tags": TAGS,
}


def network(boto: Boto) -> Options:
    """Subnets in two zones, a security group and a key for the storage."""
    ec2 = boto("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.71.0.0/16")["Vpc"]["VpcId"]
    zones = [zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.71.{index}.0/24", AvailabilityZone=zones[index])["Subnet"][
            "SubnetId"
        ]
        for index in range(2)
    ]
    group = ec2.create_security_group(GroupName="contract-database", Description="Database", VpcId=vpc)["GroupId"]
    key = boto("kms").create_key()["KeyMetadata"]["KeyId"]
    return {
        "db_subnet_group": {"subnet_ids": subnets},
        "db_parameter_group": {"parameters": PARAMETERS},
        "vpc_security_group_ids": [group],
        "kms_key_id": key,
    }


def lookalike(boto: Boto) -> Callable[[], Any]:
    """A parameter group whose name starts like ours and that somebody else made."""
    rds = boto("rds")
    name = "contract-database-postgres15-copy"
    rds.create_db_parameter_group(DBParameterGroupName=name, DBParameterGroupFamily="postgres15", Description="Keep me")
    return lambda: rds.describe_db_parameter_groups(DBParameterGroupName=name)["DBParameterGroups"]


CASES = [
    Case(
        name="rds_instance",
        module="rds_instance",
        present=PRESENT,
        absent={"state": "absent", "deletion_protection": False, "skip_final_snapshot": True},
        edits={
            "class": {"db_instance_class": "db.t4g.small"},
            "storage limit": {"max_allocated_storage": 60},
            "storage limit off": {"max_allocated_storage": 0},
            "multi-az": {"multi_az": True},
            "backup retention": {"backup_retention_period": 14},
            "backup window": {"preferred_backup_window": "06:00-07:00"},
            "maintenance window": {"preferred_maintenance_window": "mon:05:00-mon:06:00"},
            "snapshot tags": {"copy_tags_to_snapshot": True},
            "protection": {"deletion_protection": False},
            "log exports": {"enable_cloudwatch_logs_exports": ["postgresql", "upgrade"]},
            "log exports cleared": {"enable_cloudwatch_logs_exports": []},
            "minor upgrades": {"auto_minor_version_upgrade": False},
            "iam": {"enable_iam_database_authentication": True},
            "performance insights": {"enable_performance_insights": True, "performance_insights_retention_period": 31},
            "database insights": {
                "enable_performance_insights": True,
                "performance_insights_retention_period": 465,
                "database_insights_mode": "advanced",
            },
            "monitoring": {"monitoring_interval": 60, "monitoring_role_arn": MONITORING_ROLE},
            "port": {"port": 5433},
            "certificate": {"ca_certificate_identifier": "rds-ca-ecc384-g1"},
            "public": {"publicly_accessible": True},
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
            "parameter": {"db_parameter_group": {"parameters": {**PARAMETERS, "rds.force_ssl": False}}},
            "one parameter more": {"db_parameter_group": {"parameters": {**PARAMETERS, "log_connections": True}}},
            "one parameter fewer": {"db_parameter_group": {"parameters": {"rds.force_ssl": True}}},
            "static parameter with reboot": {
                "db_parameter_group": {"parameters": {**PARAMETERS, "max_connections": 200}},
                "reboot_when_pending": True,
            },
            "static parameter": {"db_parameter_group": {"parameters": {**PARAMETERS, "max_connections": 200}}},
        },
        prepare=network,
        foreign=lookalike,
        secrets=(PASSWORD,),
    )
]
