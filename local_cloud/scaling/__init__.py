"""Application Auto Scaling's scheduled actions: when they are due, and what they do to ECS services."""
