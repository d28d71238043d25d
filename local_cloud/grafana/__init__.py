"""Stand-in for Grafana 11: loads the same provisioning files, answers the same HTTP API, draws nothing."""

VERSION = "11.6.0"
STAND_IN = "local-cloud-grafana"
