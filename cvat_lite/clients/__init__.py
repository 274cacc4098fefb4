"""Outward: what this server asks of others."""
