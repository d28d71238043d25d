# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to Certificate Manager, one function an operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..session import Aws, ansible_dict_to_boto3_tag_list, boto3_tag_list_to_ansible_dict

KEY_TYPES = ["RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"]


def list_certificates(aws: Aws) -> list[dict[str, Any]]:
    """Summaries of all certificates of the region (ListCertificates, which by itself shows RSA 2048 only)."""
    includes = {"keyTypes": KEY_TYPES}
    return aws.pages("acm", "list_certificates", "CertificateSummaryList", Includes=includes)


def describe_certificate(aws: Aws, arn: str) -> dict[str, Any] | None:
    """All about a certificate; None as long as, or once, it is not there (DescribeCertificate)."""
    found = aws.found(lambda: aws.client("acm").describe_certificate(CertificateArn=arn), "ResourceNotFoundException")
    return dict(found["Certificate"]) if found else None


def list_tags(aws: Aws, arn: str) -> dict[str, str]:
    """Tags of a certificate (ListTagsForCertificate)."""
    listed = aws.client("acm").list_tags_for_certificate(CertificateArn=arn)["Tags"]
    return dict(boto3_tag_list_to_ansible_dict(listed))


def request_certificate(aws: Aws, **arguments: Any) -> str:
    """Request a certificate and answer its ARN (RequestCertificate)."""
    return str(aws.client("acm").request_certificate(ValidationMethod="DNS", **arguments)["CertificateArn"])


def update_certificate_options(aws: Aws, arn: str, options: Mapping[str, str]) -> None:
    """Change whether the certificate is logged publicly (UpdateCertificateOptions)."""
    aws.client("acm").update_certificate_options(CertificateArn=arn, Options=dict(options))


def add_tags(aws: Aws, arn: str, tags: Mapping[str, str]) -> None:
    """Add or change tags (AddTagsToCertificate)."""
    aws.client("acm").add_tags_to_certificate(CertificateArn=arn, Tags=ansible_dict_to_boto3_tag_list(tags))


def delete_certificate(aws: Aws, arn: str) -> None:
    """Delete a certificate that nothing uses (DeleteCertificate)."""
    aws.client("acm").delete_certificate(CertificateArn=arn)
