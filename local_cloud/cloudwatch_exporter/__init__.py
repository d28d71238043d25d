"""A stand-in for yet-another-cloudwatch-exporter (YACE) 0.62: its configuration, its metrics, its refusals."""

SERVER = "stand-in for yet-another-cloudwatch-exporter, of the local cloud"
