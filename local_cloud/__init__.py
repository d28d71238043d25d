"""The embedded local cloud: an AWS control plane (moto) with real data planes on loopback."""
