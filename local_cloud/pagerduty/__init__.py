"""A stand-in for PagerDuty: REST API v2, Events API v2 and the Amazon CloudWatch integration, state in memory."""

SERVER = "pagerduty-stand-in"
