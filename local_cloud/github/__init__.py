"""A stand-in for GitHub: its REST API as of 2022-11-28, state in memory."""

SERVER = "github-stand-in"
