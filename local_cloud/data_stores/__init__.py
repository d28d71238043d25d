"""Real PostgreSQL and Redis processes behind the RDS and ElastiCache APIs."""
