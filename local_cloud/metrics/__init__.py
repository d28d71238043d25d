"""CloudWatch metrics of what the local cloud runs, measured on its processes."""
