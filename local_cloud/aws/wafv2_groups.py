"""The rule groups that AWS manages, as far as environments here use them: capacity, versions, names of rules.

https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
"""

from __future__ import annotations

from dataclasses import dataclass

VENDOR = "AWS"


@dataclass(frozen=True)
class Group:
    capacity: int
    rules: tuple[str, ...]
    versions: tuple[str, ...] = ()


def _each(names: str, places: str) -> tuple[str, ...]:
    return tuple(f"{name}_{place}" for name in names.split() for place in places.split())


GROUPS: dict[str, Group] = {
    "AWSManagedRulesCommonRuleSet": Group(
        700,
        (
            "NoUserAgent_HEADER",
            "UserAgent_BadBots_HEADER",
            *_each("SizeRestrictions", "QUERYSTRING Cookie_HEADER BODY URIPATH"),
            *_each("EC2MetaDataSSRF", "BODY COOKIE URIPATH QUERYARGUMENTS"),
            *_each("GenericLFI GenericRFI", "QUERYARGUMENTS URIPATH BODY"),
            *_each("RestrictedExtensions", "URIPATH QUERYARGUMENTS"),
            *_each("CrossSiteScripting", "COOKIE QUERYARGUMENTS BODY URIPATH"),
        ),
        ("Version_1.0", "Version_1.1", "Version_1.2", "Version_1.3", "Version_1.4", "Version_1.5", "Version_1.6"),
    ),
    "AWSManagedRulesKnownBadInputsRuleSet": Group(
        200,
        (
            *_each("JavaDeserializationRCE Log4JRCE", "HEADER BODY URIPATH QUERYSTRING"),
            "Host_localhost_HEADER",
            "PROPFIND_METHOD",
            "ExploitablePaths_URIPATH",
            "ReactJSRCE_BODY",
        ),
        ("Version_1.1", "Version_1.16", "Version_1.17", "Version_1.18", "Version_1.19", "Version_1.20"),
    ),
    "AWSManagedRulesSQLiRuleSet": Group(
        200,
        ("SQLi_COOKIE", "SQLi_URIPATH", *_each("SQLi SQLiExtendedPatterns", "QUERYARGUMENTS BODY")),
        ("Version_1.0", "Version_1.1", "Version_1.2", "Version_1.3"),
    ),
    "AWSManagedRulesAdminProtectionRuleSet": Group(100, ("AdminProtection_URIPATH",), ("Version_1.0",)),
    "AWSManagedRulesLinuxRuleSet": Group(200, _each("LFI", "URIPATH QUERYSTRING HEADER"), ("Version_2.0",)),
    "AWSManagedRulesAmazonIpReputationList": Group(
        25, ("AWSManagedIPReputationList", "AWSManagedReconnaissanceList", "AWSManagedIPDDoSList")
    ),
    "AWSManagedRulesAnonymousIpList": Group(50, ("AnonymousIPList", "HostingProviderIPList")),
    "AWSManagedRulesBotControlRuleSet": Group(
        50,
        (
            *(
                f"Category{kind}"
                for kind in (
                    "Advertising Archiver ContentFetcher EmailClient HttpLibrary LinkChecker Miscellaneous Monitoring "
                    "ScrapingFramework SearchEngine Security Seo SocialMedia AI"
                ).split()
            ),
            "SignalAutomatedBrowser",
            "SignalKnownBotDataCenter",
            "SignalNonBrowserUserAgent",
        ),
        ("Version_1.0", "Version_2.0", "Version_3.0"),
    ),
}
