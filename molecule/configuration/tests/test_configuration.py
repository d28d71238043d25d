"""Secrets have generated values of the asked-for shape; parameters hold what was given."""

import json

import boto3

secrets = boto3.client("secretsmanager")
ssm = boto3.client("ssm")


def value_of(name: str) -> str:
    return secrets.get_secret_value(SecretId=f"molecule/configuration/{name}")["SecretString"]


def test_a_generated_secret_has_the_length_asked_for() -> None:
    token = value_of("auth/jwt")

    assert len(token) == 72
    assert token.isalnum()


def test_a_json_secret_holds_its_template_and_generated_fields() -> None:
    account = json.loads(value_of("auth/database"))

    assert account["username"] == "trademaster_user"
    assert len(account["password"]) == 40


def test_the_parameter_holds_its_value() -> None:
    assert ssm.get_parameter(Name="/molecule/configuration/auth/log_level")["Parameter"]["Value"] == "INFO"


def test_the_published_result_names_the_secrets_and_holds_no_value() -> None:
    published = ssm.get_parameter(Name="/molecule-outputs/configuration/configuration")["Parameter"]["Value"]

    assert sorted(json.loads(published)["secret_arns"]) == ["auth/database", "auth/jwt"]
    assert value_of("auth/jwt") not in published


def test_only_those_who_need_a_secret_may_read_it() -> None:
    for name in ("auth/jwt", "auth/database"):
        policy = json.loads(secrets.get_resource_policy(SecretId=f"molecule/configuration/{name}")["ResourcePolicy"])
        (statement,) = policy["Statement"]
        (readers,) = statement["Condition"]["ArnNotLike"].values()
        assert (statement["Effect"], statement["Principal"]) == ("Deny", {"AWS": ["*"]})
        assert "arn:*:iam::*:role/molecule-configuration-*/molecule-configuration-*-execution" in readers
        assert "arn:*:iam::*:role/molecule-configuration-deployer" in readers
