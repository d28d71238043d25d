"""The ECS data plane: tasks run as processes on loopback addresses."""
