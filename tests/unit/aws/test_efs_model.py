"""Planning of a file system with its mount targets and access points."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.efs import model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.trademaster.platform.plugins.module_utils._core.placeholders import KNOWN_AFTER_APPLY

TAGS = {"Project": "trademaster"}
ARN = "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-1"
OPTIONS: dict[str, Any] = {
    "name": "monitoring",
    "kms_key_id": None,
    "performance_mode": None,
    "throughput_mode": None,
    "provisioned_throughput_in_mibps": None,
    "lifecycle_policies": None,
    "backup": None,
    "policy": None,
    "subnet_ids": None,
    "security_group_ids": None,
    "access_points": None,
    "tags": TAGS,
}
ANSWER = {
    "FileSystemId": "fs-1",
    "FileSystemArn": ARN,
    "KmsKeyId": "arn:key",
    "PerformanceMode": "generalPurpose",
    "ThroughputMode": "elastic",
    "Encrypted": True,
    "Tags": [{"Key": "Name", "Value": "monitoring"}, {"Key": "Project", "Value": "trademaster"}],
}
DENY = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "elasticfilesystem:Client*"}
USER = {"uid": 472, "gid": 0}
OWNER = {"owner_uid": 472, "owner_gid": 0, "permissions": "750"}
POINT = {
    "AccessPointId": "fsap-1",
    "AccessPointArn": "arn:fsap-1",
    "PosixUser": {"Uid": 472, "Gid": 0},
    "RootDirectory": {"Path": "/grafana", "CreationInfo": {"OwnerUid": 472, "OwnerGid": 0, "Permissions": "0750"}},
    "Tags": [{"Key": "Name", "Value": "grafana"}, {"Key": "Project", "Value": "trademaster"}],
}
GRAFANA = {"name": "grafana", "posix_user": USER, "root_directory": {"path": "/grafana", "creation_info": OWNER}}


@pytest.mark.parametrize(
    ("options", "answer", "details", "fields"),
    [
        ({}, {}, {}, ()),
        ({"kms_key_id": "arn:other"}, {}, {}, ("kms_key_id",)),
        ({"throughput_mode": "bursting"}, {}, {}, ("throughput_mode",)),
        ({"throughput_mode": "elastic"}, {}, {}, ()),
        ({"throughput_mode": "provisioned", "provisioned_throughput_in_mibps": 8.0},
         {"ThroughputMode": "provisioned", "ProvisionedThroughputInMibps": 4.0}, {},
         ("provisioned_throughput_in_mibps",)),
        ({"lifecycle_policies": {"transition_to_ia": "AFTER_7_DAYS", "transition_to_archive": None}}, {},
         {"lifecycle_policies": [{"TransitionToIA": "AFTER_7_DAYS"}]}, ()),
        ({"lifecycle_policies": {}}, {}, {"lifecycle_policies": [{"TransitionToIA": "AFTER_7_DAYS"}]},
         ("lifecycle_policies",)),
        ({"backup": True}, {}, {"backup": "ENABLING"}, ()),
        ({"backup": True}, {}, {"backup": "DISABLING"}, ("backup",)),
        ({"policy": {"Statement": DENY}}, {}, {"policy": json.dumps({"Statement": [{**DENY, "Resource": ARN}]})}, ()),
        ({"policy": {"Statement": [{**DENY, "Resource": ARN}]}}, {}, {"policy": json.dumps({"Statement": DENY})}, ()),
        ({"policy": {"Statement": DENY}}, {}, {"policy": ""}, ("policy",)),
        ({"policy": {}}, {}, {"policy": ""}, ()),
        ({"policy": {}}, {}, {"policy": json.dumps({"Statement": DENY})}, ("policy",)),
        ({"tags": {**TAGS, "Owner": "platform"}}, {}, {}, ("tags",)),
        ({"tags": None}, {"Tags": []}, {}, ()),
        ({}, {"Tags": ANSWER["Tags"][1:]}, {}, ("tags",)),
    ],
)  # fmt: skip
def test_only_another_meaning_is_a_change(
    options: dict[str, Any], answer: dict[str, Any], details: dict[str, Any], fields: tuple[str, ...]
) -> None:
    given = {**OPTIONS, **options}
    current = model.current_file_system({**ANSWER, **answer}, details, given["tags"])
    desired = model.with_policy_of(model.desired_file_system(given), ARN)
    changed = [change.fields for change in model.plan(current, desired, "monitoring")]
    assert changed == ([fields] if fields else [])


@pytest.mark.parametrize(
    ("options", "answer", "option"),
    [
        ({"kms_key_id": "arn:other"}, {}, "kms_key_id"),
        ({"performance_mode": "maxIO"}, {}, "performance_mode"),
        ({}, {"Encrypted": False}, "name"),
    ],
)
def test_what_was_chosen_for_ever_stays(options: dict[str, Any], answer: dict[str, Any], option: str) -> None:
    given = {**OPTIONS, **options}
    current = model.current_file_system({**ANSWER, **answer}, {}, TAGS)
    with pytest.raises(InvalidInput) as refused:
        model.refuse_fixed(current, model.desired_file_system(given))
    assert refused.value.variable == option


@pytest.mark.parametrize(
    ("subnets", "groups", "expected"),
    [
        (["subnet-a"], ["sg-1", "sg-2"], []),
        (["subnet-a"], ["sg-1"], [("update", "subnet-a", 2)]),
        (["subnet-a"], None, []),
        (["subnet-b"], ["sg-1"], [("create", "subnet-b", 2), ("delete", "subnet-a", 1)]),
        ([], None, [("delete", "subnet-a", 1)]),
    ],
)
def test_mount_targets_make_room_before_others_come(
    subnets: list[str], groups: list[str] | None, expected: list[Any]
) -> None:
    current = model.current_mount_targets([({"SubnetId": "subnet-a", "MountTargetId": "fsmt-1"}, ["sg-2", "sg-1"])])
    desired = model.desired_mount_targets({**OPTIONS, "subnet_ids": subnets, "security_group_ids": groups})
    changes = model.plan_mount_targets(current, desired)
    assert [(change.op, change.key, change.level) for change in changes] == expected


@pytest.mark.parametrize(
    ("points", "answers", "expected"),
    [
        ([GRAFANA], [POINT], []),
        ([{"name": "grafana"}], [POINT], []),
        ([{**GRAFANA, "posix_user": {"uid": 1, "gid": 0}}], [POINT], [("replace", "grafana")]),
        ([{**GRAFANA, "posix_user": {**USER, "secondary_gids": [1]}}], [POINT], [("replace", "grafana")]),
        ([{**GRAFANA, "root_directory": {"path": "/"}}], [POINT], [("replace", "grafana")]),
        ([], [POINT], [("delete", "grafana")]),
        ([], [{**POINT, "Tags": POINT["Tags"][:1]}], []),
        ([GRAFANA], [{**POINT, "Tags": POINT["Tags"][:1]}], [("update", "grafana")]),
        ([GRAFANA, {"name": "other"}], [POINT], [("create", "other")]),
    ],
)
def test_an_access_point_is_made_anew_for_another_user_or_folder(
    points: list[Any], answers: list[Any], expected: list[Any]
) -> None:
    desired = model.desired_access_points({**OPTIONS, "access_points": points})
    changes = model.plan_access_points(model.current_access_points(answers, TAGS), desired)
    assert [(change.op, change.key) for change in changes] == expected


def test_an_access_point_is_written_as_it_is_read() -> None:
    desired = model.desired_access_points({**OPTIONS, "access_points": [GRAFANA]})["grafana"]
    written = model.access_point_arguments(desired)
    assert written["RootDirectory"] == POINT["RootDirectory"]
    assert written["PosixUser"] == {"Uid": 472, "Gid": 0, "SecondaryGids": []}
    assert model.access_point_arguments({}) == {}


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"name": ""}, "name"),
        ({"throughput_mode": "provisioned"}, "provisioned_throughput_in_mibps"),
        ({"provisioned_throughput_in_mibps": 8.0}, "provisioned_throughput_in_mibps"),
        ({"security_group_ids": []}, "security_group_ids"),
        ({"security_group_ids": list("abcdef")}, "security_group_ids"),
        ({"subnet_ids": ["subnet-a", "subnet-a"]}, "subnet_ids[1]"),
        ({"access_points": [GRAFANA, GRAFANA]}, "access_points[1].name"),
        ({"access_points": [{"name": "a", "root_directory": {"path": "a"}}]}, "access_points[0].root_directory.path"),
        ({"access_points": [{"name": "a", "root_directory": {"path": "/a/b/c/d/e"}}]},
         "access_points[0].root_directory.path"),
        ({"access_points": [{**GRAFANA, "root_directory": {"creation_info": {**OWNER, "permissions": "488"}}}]},
         "access_points[0].root_directory.creation_info.permissions"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(options: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        model.validate({**OPTIONS, **options})
    assert refused.value.variable == option


def test_subnets_may_be_known_after_apply() -> None:
    given = {**OPTIONS, "subnet_ids": [KNOWN_AFTER_APPLY, KNOWN_AFTER_APPLY]}
    model.validate(given)
    assert [change.op for change in model.plan_mount_targets({}, model.desired_mount_targets(given))] == ["create"]


@pytest.mark.parametrize(
    ("states", "status"),
    [([], "done"), (["available"], "done"), (["available", "creating"], "pending"), (["creating", "error"], "failed")],
)
def test_all_have_to_be_available(states: list[str], status: str) -> None:
    assert model.judge([{"LifeCycleState": state} for state in states]).status == status


@pytest.mark.parametrize(("state", "leaving"), [("available", False), ("creating", False), ("deleting", True)])
def test_a_file_system_that_is_being_deleted_is_none_of_ours(state: str, *, leaving: bool) -> None:
    assert model.is_leaving({**ANSWER, "LifeCycleState": state}) is leaving
