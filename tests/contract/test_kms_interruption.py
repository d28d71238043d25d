"""A key that was created but not yet given its alias is taken up by the next run, not created again."""

from __future__ import annotations

from tests.contract.case import Boto
from tests.contract.harness import run_module
from tests.contract.test_interruption import cut_off

TAGS = {"Project": "contract", "Environment": "kms-interruption"}
OPTIONS = {"prefix": "contract-cut-", "keys": [{"name": "storage"}], "tags": TAGS}


def test_a_key_without_alias_is_found_again(boto: Boto) -> None:
    with cut_off(1):
        assert run_module("kms_keys", OPTIONS).answer.get("failed")
    finished = run_module("kms_keys", OPTIONS)
    assert not finished.answer.get("failed"), finished.answer.get("msg")
    filters = [{"Key": "Environment", "Values": ["kms-interruption"]}]
    found = boto("resourcegroupstaggingapi").get_resources(TagFilters=filters)["ResourceTagMappingList"]
    assert [item["ResourceARN"] for item in found] == [finished.answer["arns"]["storage"]]
