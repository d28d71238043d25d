"""For each control a world in which it passes and one in which it fails. A world is kinds, names and facts."""

from __future__ import annotations

from typing import Any

from ansible_collections.trademaster.platform.plugins.module_utils._controls.audit import WATCHED

Facts = dict[str, Any]
World = dict[str, dict[str, Facts]]

EVERYBODY = {"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["s3:GetObject"], "Resource": ["*"]}
OURS = {**EVERYBODY, "Principal": {"AWS": ["123456789012"]}}
WRITING = {**EVERYBODY, "Action": ["s3:PutObject"]}
TLS_ONLY = {
    "Effect": "Deny",
    "Principal": {"AWS": ["*"]},
    "Action": ["s3:*"],
    "Condition": {"Bool": {"aws:securetransport": ["false"]}},
}
OPEN_BLOCK = dict.fromkeys(
    ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"), False
)
CLOSED_BLOCK = dict.fromkeys(OPEN_BLOCK, True)
ANY_KEY = {"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": ["*"]}
ONE_KEY = {**ANY_KEY, "Resource": ["arn:aws:kms:us-east-1:123456789012:key/1"]}
SELECTOR = {"Field": "eventCategory", "Equals": ["Management"]}
OBJECTS = [{"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}]


def document(*statements: Facts) -> Facts:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def one(kind: str, **facts: Any) -> World:
    return {kind: {"it": facts}}


def group(port: int, peer: str, last: int | None = None, protocol: str = "tcp") -> World:
    """A security group with one rule for what comes in."""
    rule = {"group": "web", "direction": "ingress", "protocol": protocol, "peer": peer}
    return {
        "security_group": {"web": {"used": True}},
        "security_group_rule": {"a rule": {**rule, "from_port": port, "to_port": last or port}},
    }


def acl(first: int, last: int, action: str = "allow", cidr: str = "0.0.0.0/0") -> World:
    rule = {"egress": False, "rule_number": 100, "protocol": "6", "rule_action": action, "cidr_block": cidr}
    return one("network_acl", rules=[{**rule, "from_port": first, "to_port": last}])


def account(**more: dict[str, Facts]) -> World:
    return {"account": {"123456789012": {}}, **more}


def container(**facts: Any) -> World:
    return one(
        "task_definition", containers=["app"], **{f"containers.app.{name}": value for name, value in facts.items()}
    )


def balancer(name: str, value: str) -> World:
    return one("load_balancer", attributes={name: value})


def subscribed(kind: str, source: str, *categories: str) -> World:
    told = {"enabled": True, "source_type": source, "event_categories": list(categories)}
    return account(**{kind: {"it": {}}, "event_subscription": {"told": told}})


def trail(**facts: Any) -> World:
    return account(trail={"t": {"is_multi_region_trail": True, "is_logging": True, **facts}})


def logged_to(**bucket: Any) -> World:
    return {"trail": {"t": {"s3_bucket_name": "logs"}}, "bucket": {"logs": bucket}}


def watching(number: str, **alarm: Any) -> World:
    pattern = " ".join(WATCHED[number][1])
    return account(
        metric_filter={"f": {"filter_pattern": pattern, "metric_name": "seen"}},
        alarm={"a": {"metric_name": "seen", **alarm}},
    )


def bucket_policy(*statements: Facts) -> World:
    return one("bucket", policy=document(*statements))


REDIRECT = {"type": "redirect", "protocol": "HTTPS"}
GOOD_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
ANYWHERE, ANYWHERE_6, OFFICE = "0.0.0.0/0", "::/0", "192.0.2.0/24"
MULTI_REGION = (trail(), trail(is_multi_region_trail=False))
VALIDATED = (one("trail", enable_log_file_validation=True), one("trail", enable_log_file_validation=False))
ENCRYPTED = (one("trail", kms_key_id="arn"), one("trail", kms_key_id=""))
BUCKET_LOG = (logged_to(logging={"target_bucket": "more"}), logged_to(logging={}))
RECORDING = account(config_recorder={"r": {"recording": True, "all_supported": True}})
CONFIG = (RECORDING, account(config_recorder={"r": {"recording": False, "all_supported": True}}))
FLOW_LOG = ({**one("vpc"), "flow_log": {"l": {"vpc": "it", "traffic_type": "ALL"}}}, one("vpc"))
ACL = (acl(1024, 3388), acl(1024, 65535))
ROTATED = (one("key", rotation_days=365), one("key", rotation_days=0))
DEFAULT_GROUP = (one("default_security_group", rules=[]), one("default_security_group", rules=["egress -1 0.0.0.0/0"]))
POSTGRES_LOGS = (
    one("db_instance", engine="postgres", enable_cloudwatch_logs_exports=["postgresql", "upgrade"]),
    one("db_instance", engine="postgres", enable_cloudwatch_logs_exports=["upgrade"]),
)


def flag(kind: str, fact: str, *, good: Any = True, bad: Any = False, **more: Any) -> tuple[World, World]:
    return one(kind, **{fact: good}, **more), one(kind, **{fact: bad}, **more)


EXAMPLES: dict[str, tuple[World, World]] = {
    "EC2.2": DEFAULT_GROUP,
    "EC2.6": FLOW_LOG,
    "EC2.10": ({**one("vpc"), "vpc_endpoint": {"e": {"service_name": "com.amazonaws.us-east-1.ec2"}}}, one("vpc")),
    "EC2.13": (group(22, OFFICE), group(20, ANYWHERE, 25)),
    "EC2.14": (group(3388, ANYWHERE), group(3389, ANYWHERE_6)),
    "EC2.15": flag("subnet", "map_public_ip_on_launch", good=False, bad=True),
    "EC2.16": ({**one("network_acl"), "subnet": {"s": {"network_acl": "it"}}}, one("network_acl")),
    "EC2.18": (group(443, ANYWHERE), group(443, ANYWHERE, 444)),
    "EC2.19": (group(5432, OFFICE), group(0, ANYWHERE, protocol="-1")),
    "EC2.21": ACL,
    "EC2.22": flag("security_group", "used"),
    "CIS v3 3.7": FLOW_LOG,
    "CIS v3 5.1": (acl(22, 22, "deny"), acl(22, 22)),
    "CIS v3 5.2": (group(22, ANYWHERE_6), group(22, ANYWHERE)),
    "CIS v3 5.3": (group(22, ANYWHERE), group(22, ANYWHERE_6)),
    "CIS v3 5.4": DEFAULT_GROUP,
    "RDS.2": flag("db_instance", "publicly_accessible", good=False, bad=True),
    "RDS.3": flag("db_instance", "storage_encrypted"),
    "RDS.4": flag("db_snapshot", "encrypted"),
    "RDS.5": flag("db_instance", "multi_az"),
    "RDS.6": flag("db_instance", "monitoring_interval", good=60, bad=0),
    "RDS.8": flag("db_instance", "deletion_protection"),
    "RDS.9": POSTGRES_LOGS,
    "RDS.10": flag("db_instance", "enable_iam_database_authentication"),
    "RDS.11": flag("db_instance", "backup_retention_period", good=7, bad=6),
    "RDS.13": flag("db_instance", "auto_minor_version_upgrade"),
    "RDS.17": flag("db_instance", "copy_tags_to_snapshot"),
    "RDS.18": flag("db_instance", "db_subnet_group_name", good="data", bad=None),
    "RDS.19": (
        subscribed("db_cluster", "db-cluster", "maintenance", "failure"),
        subscribed("db_cluster", "db-cluster", "failure"),
    ),
    "RDS.20": (
        subscribed("db_instance", "db-instance", "maintenance", "configuration change", "failure"),
        subscribed("db_instance", "db-snapshot", "maintenance", "configuration change", "failure"),
    ),
    "RDS.21": (
        subscribed("db_instance", "db-parameter-group", "configuration change"),
        subscribed("db_instance", "db-parameter-group", "other"),
    ),
    "RDS.22": (
        subscribed("db_instance", "db-security-group"),
        account(db_instance={"it": {}}),
    ),
    "RDS.23": flag("db_instance", "port", good=15432, bad=5432, engine="postgres"),
    "RDS.25": flag("db_instance", "master_username", good="platform_admin", bad="postgres"),
    "RDS.36": POSTGRES_LOGS,
    "RDS.38": tuple(
        {
            **one("db_instance", engine="postgres", db_parameter_group_name="p"),
            "db_parameter_group": {"p": {"parameters": set_}},
        }
        for set_ in ({"rds.force_ssl": "1"}, {})
    ),
    "ElastiCache.1": flag("replication_group", "snapshot_retention_limit", good=1, bad=0),
    "ElastiCache.2": flag("replication_group", "auto_minor_version_upgrade"),
    "ElastiCache.3": flag("replication_group", "automatic_failover_enabled"),
    "ElastiCache.4": flag("replication_group", "at_rest_encryption_enabled"),
    "ElastiCache.5": flag("replication_group", "transit_encryption_enabled"),
    "ElastiCache.7": flag("replication_group", "cache_subnet_group_name", good="data", bad="default"),
    "KMS.1": flag("policy", "document", good=document(ONE_KEY), bad=document(ANY_KEY)),
    "KMS.2": flag("role", "inline_policies", good={"p": document(ONE_KEY)}, bad={"p": document(ANY_KEY)}),
    "KMS.3": flag("key", "state", good="Enabled", bad="PendingDeletion"),
    "KMS.4": ROTATED,
    "CIS v3 3.6": ROTATED,
    "KMS.5": flag("key", "policy", good=document(OURS), bad=document(EVERYBODY)),
    "S3.1": tuple(account(account_setting={"s3_public_access_block": block}) for block in (CLOSED_BLOCK, OPEN_BLOCK)),
    "S3.2": (bucket_policy(OURS), bucket_policy(EVERYBODY)),
    "S3.3": (bucket_policy(EVERYBODY), bucket_policy(WRITING)),
    "S3.5": (bucket_policy(TLS_ONLY), bucket_policy(OURS)),
    "S3.8": flag("bucket", "public_access_block", good=CLOSED_BLOCK, bad={**CLOSED_BLOCK, "block_public_acls": False}),
    "S3.9": flag("bucket", "logging", good={"target_bucket": "logs"}, bad={}),
    "S3.12": flag("bucket", "object_ownership", good="BucketOwnerEnforced", bad="ObjectWriter"),
    "S3.13": flag("bucket", "lifecycle_rules", good=[{"ID": "expire"}], bad=[]),
    "S3.14": flag("bucket", "versioning", good="Enabled", bad="Suspended"),
    "S3.17": flag(
        "bucket", "server_side_encryption", good={"sse_algorithm": "aws:kms"}, bad={"sse_algorithm": "AES256"}
    ),
    "SNS.1": flag("topic", "kms_master_key_id", good="alias/a", bad=""),
    "SNS.4": flag("topic", "policy", good=document(OURS), bad=document(EVERYBODY)),
    "ECS.1": flag("task_definition", "network_mode", good="awsvpc", bad="host"),
    "ECS.2": flag("service", "network_configuration.assign_public_ip", good="DISABLED", bad="ENABLED"),
    "ECS.3": flag("task_definition", "pid_mode", good="task", bad="host"),
    "ECS.4": (container(privileged=False), container(privileged=True)),
    "ECS.5": (container(readonly_root_filesystem=True), container(image="app")),
    "ECS.8": (
        container(**{"environment.PGPASSWORD_FILE": "/run/secret", "environment.TOKEN_URL": "https://example.com"}),
        container(**{"environment.PGPASSWORD": "not-for-anybody"}),
    ),
    "ECS.9": (container(**{"log_configuration.log_driver": "awslogs"}), container(image="app")),
    "ECS.10": flag("service", "platform_version", good="LATEST", bad="1.3.0"),
    "ECS.12": flag("cluster", "container_insights", good="enhanced", bad="disabled"),
    "ECR.1": flag("repository", "scan_on_push"),
    "ECR.2": flag("repository", "image_tag_mutability", good="IMMUTABLE", bad="MUTABLE"),
    "ECR.3": flag("repository", "lifecycle_policy", good={"rules": [{}]}, bad={}),
    "ELB.1": (
        one("listener", protocol="HTTP", default_action=REDIRECT),
        one("listener", protocol="HTTP", default_action={"type": "forward"}),
    ),
    "ELB.4": tuple(balancer("routing.http.drop_invalid_header_fields.enabled", value) for value in ("true", "false")),
    "ELB.5": tuple(balancer("access_logs.s3.enabled", value) for value in ("true", "false")),
    "ELB.6": tuple(balancer("deletion_protection.enabled", value) for value in ("true", "false")),
    "ELB.12": tuple(balancer("routing.http.desync_mitigation_mode", value) for value in ("strictest", "monitor")),
    "ELB.13": flag("load_balancer", "subnets", good=["a", "b"], bad=["a"]),
    "ELB.16": ({**one("load_balancer"), "association": {"an acl it": {}}}, one("load_balancer")),
    "ELB.17": flag(
        "listener", "ssl_policy", good=GOOD_POLICY, bad="ELBSecurityPolicy-TLS13-1-0-2021-06", protocol="HTTPS"
    ),
    "ELB.18": (one("listener", protocol="HTTPS"), one("listener", protocol="HTTP", default_action={"type": "forward"})),
    "ACM.1": flag("certificate", "days_left", good=30, bad=29, status="ISSUED"),
    "ACM.2": flag("certificate", "key_algorithm", good="RSA-2048", bad="RSA_1024"),
    "WAF.10": (one("web_acl", **{"rule a": {"name": "a"}}), one("web_acl", **{"rule a": None})),
    "WAF.11": ({**one("web_acl"), "logging_configuration": {"it": {}}}, one("web_acl")),
    "WAF.12": tuple(
        one("web_acl", **{"rule a": {"name": "a", "visibility_config": {"cloud_watch_metrics_enabled": counted}}})
        for counted in (True, False)
    ),
    "IAM.1": tuple(
        one("role", inline_policies={"p": document({"Effect": "Allow", "Action": [action], "Resource": ["*"]})})
        for action in ("s3:*", "*")
    ),
    "IAM.21": tuple(
        one("role", inline_policies={"p": document({"Effect": "Allow", "Action": [action], "Resource": ["*"]})})
        for action in ("s3:Get*", "s3:*")
    ),
    "SecretsManager.1": flag("secret", "rotation_enabled"),
    "SecretsManager.2": flag("secret", "rotation_overdue_days", good=0, bad=2, rotation_enabled=True),
    "SecretsManager.3": flag("secret", "unused_days", good=90, bad=91),
    "SecretsManager.4": flag("secret", "age_days", good=90, bad=91),
    "SSM.4": flag("document", "account_ids", good=["123456789012"], bad=["all"]),
    "CloudTrail.1": MULTI_REGION,
    "CloudTrail.2": ENCRYPTED,
    "CloudTrail.3": (trail(is_multi_region_trail=False), account()),
    "CloudTrail.4": VALIDATED,
    "CloudTrail.5": flag("trail", "cloud_watch_logs_log_group_arn", good="arn", bad=""),
    "CloudTrail.6": (logged_to(public_access_block=CLOSED_BLOCK), logged_to(public_access_block=OPEN_BLOCK)),
    "CloudTrail.7": BUCKET_LOG,
    "Config.1": CONFIG,
    "GuardDuty.1": tuple(account(detector={"d": {"enabled": enabled}}) for enabled in (True, False)),
    "CIS v3 3.1": (
        trail(advanced_event_selectors=[{"FieldSelectors": [SELECTOR]}]),
        trail(advanced_event_selectors=[{"FieldSelectors": [SELECTOR, {"Field": "readOnly", "Equals": ["true"]}]}]),
    ),
    "CIS v3 3.2": VALIDATED,
    "CIS v3 3.3": CONFIG,
    "CIS v3 3.4": BUCKET_LOG,
    "CIS v3 3.5": ENCRYPTED,
    **{
        f"CIS v3 {number}": (
            trail(advanced_event_selectors=[{"FieldSelectors": [*OBJECTS, {"Field": "readOnly", "Equals": [good]}]}]),
            trail(advanced_event_selectors=[{"FieldSelectors": [*OBJECTS, {"Field": "readOnly", "Equals": [bad]}]}]),
        )
        for number, good, bad in (("3.8", "false", "true"), ("3.9", "true", "false"))
    },
    **{
        f"CIS v5 {number}": (watching(number, alarm_actions=["arn"]), watching(number, alarm_actions=[]))
        for number in WATCHED
    },
}  # type: ignore[dict-item,unused-ignore]  # tuples of two
