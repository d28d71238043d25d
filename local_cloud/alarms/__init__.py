"""When CloudWatch alarms ring. Pure: no backend, no clock."""
