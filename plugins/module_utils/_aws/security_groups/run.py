# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing the security groups of a VPC to their desired state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.changes import Change
from ..._core.placeholders import KNOWN_AFTER_APPLY, is_placeholder
from ..network.api import describe_network_interfaces, tag_specifications, write
from ..network.waiting import holders
from ..session import Aws, Outcome, ansible_dict_to_boto3_tag_list
from . import api, model

VISIBILITY_TIMEOUT = 60.0


def run(aws: Aws) -> Outcome:
    """Read groups and rules with a call each, plan, apply."""
    options = aws.params
    wanted, tags = options["groups"], options["tags"]
    desired = model.desired_groups(wanted, tags)
    # In check mode the VPC may be one that does not exist yet.
    groups = [] if is_placeholder(options["vpc_id"]) else api.describe_security_groups(aws, options["vpc_id"])
    lists = api.describe_managed_prefix_lists(aws) if _uses_prefix_lists(wanted) else {}
    names = model.Names(
        {group["GroupId"]: group["GroupName"] for group in groups}, {id_: name for name, id_ in lists.items()}
    )
    known = {*desired, *names.groups.values()}
    desired_rules = model.desired_rules(wanted, tags, names, known)
    ours = model.owned(groups, tags)
    current = model.current_groups(groups, desired)
    relevant = [state["id"] for name, state in current.items() if name in desired or name in ours]
    rules = api.describe_security_group_rules(aws, relevant) if relevant else []
    current_rules = model.current_rules(rules, names, desired_rules)
    changes = model.plan((current, desired), (current_rules, desired_rules), ours=ours, purge=options["purge"])
    handlers = Handlers(aws, {name: state["id"] for name, state in current.items()}, lists)
    aws.apply(changes, handlers.table())
    if not aws.check_mode and any(change.op == "create" for change in changes):
        _await_visibility(aws, handlers)
    ids = {name: handlers.ids.get(name, KNOWN_AFTER_APPLY) for name in desired}
    return Outcome(changes, {"security_group_ids": ids})


def _uses_prefix_lists(groups: Sequence[Mapping[str, Any]]) -> bool:
    return any(rule["prefix_list"] for group in groups for rule in [*group["ingress"], *group["egress"]])


def _await_visibility(aws: Aws, handlers: Handlers) -> None:
    """Stay until EC2 lists every group and rule that was made: a run right after this one would make it again."""

    def look() -> set[str]:
        groups = {group["GroupId"] for group in api.describe_security_groups(aws, aws.params["vpc_id"])}
        rules = api.describe_security_group_rules(aws, sorted(set(handlers.ids.values())))
        return groups | {rule["SecurityGroupRuleId"] for rule in rules}

    made = handlers.made
    aws.wait("new rules visible", look, lambda seen: model.visible(seen, made), timeout=VISIBILITY_TIMEOUT)


class Handlers:
    """Handlers by kind and operation. `ids` maps groups to ids, `made` lists the ids of all that is new."""

    def __init__(self, aws: Aws, ids: dict[str, str], prefix_lists: Mapping[str, str]) -> None:
        self.aws = aws
        self.ids = ids
        self.made: list[str] = []
        self.prefix_lists = prefix_lists

    def table(self) -> dict[Any, Any]:
        return {
            ("security_group", "create"): self.create_group,
            ("security_group", "update"): self.update_tags,
            ("security_group", "delete"): self.delete_group,
            ("security_group_rule", "create"): self.create_rule,
            ("security_group_rule", "update"): self.update_rule,
            ("security_group_rule", "delete"): self.delete_rule,
        }

    def create_group(self, change: Change) -> None:
        """Create a group without the rule EC2 gives it, which would let everything out."""
        tags = change.desired.get("tags")
        answer = write(
            self.aws,
            "create_security_group",
            GroupName=change.key,
            Description=change.desired["description"],
            VpcId=self.aws.params["vpc_id"],
            **({"TagSpecifications": tag_specifications("security-group", tags)} if tags else {}),
        )
        group = answer["GroupId"]
        rules = api.describe_security_group_rules(self.aws, [group])
        given = [rule["SecurityGroupRuleId"] for rule in rules if rule["IsEgress"]]
        if given:
            write(self.aws, "revoke_security_group_egress", GroupId=group, SecurityGroupRuleIds=given)
        self.ids[change.key] = group
        self.made.append(group)

    def update_tags(self, change: Change) -> None:
        tags = ansible_dict_to_boto3_tag_list(change.desired["tags"])
        write(self.aws, "create_tags", Resources=[change.current["id"]], Tags=tags)

    def delete_group(self, change: Change) -> None:
        group = change.current["id"]

        def held_by() -> list[str]:
            referring = [f"rules of {name}" for name in api.describe_referencing_groups(self.aws, group)]
            return referring + holders(describe_network_interfaces(self.aws, group_id=group))

        self.aws.remove(
            f"security group {change.key} removed",
            lambda: write(self.aws, "delete_security_group", GroupId=group),
            held_by,
            "DependencyViolation",
            timeout=self.aws.params["teardown_timeout"],
        )

    def create_rule(self, change: Change) -> None:
        tags = change.desired.get("tags")
        answer = write(
            self.aws,
            f"authorize_security_group_{change.desired['direction']}",
            GroupId=self.ids[change.desired["group"]],
            IpPermissions=[self._permission(change.desired)],
            **({"TagSpecifications": tag_specifications("security-group-rule", tags)} if tags else {}),
        )
        self.made += [rule["SecurityGroupRuleId"] for rule in answer["SecurityGroupRules"]]

    def update_rule(self, change: Change) -> None:
        if "tags" in change.fields:
            self.update_tags(change)
        if "description" in change.fields:
            write(
                self.aws,
                f"update_security_group_rule_descriptions_{change.desired['direction']}",
                GroupId=self.ids[change.desired["group"]],
                IpPermissions=[self._permission(change.desired)],
            )

    def delete_rule(self, change: Change) -> None:
        write(
            self.aws,
            f"revoke_security_group_{change.current['direction']}",
            GroupId=self.ids[change.current["group"]],
            SecurityGroupRuleIds=[change.current["id"]],
        )

    def _permission(self, state: Mapping[str, Any]) -> dict[str, Any]:
        ids = self.prefix_lists if state["peer_kind"] == "prefix_list" else self.ids
        return model.permission(state, ids.get(state["peer"], state["peer"]))
