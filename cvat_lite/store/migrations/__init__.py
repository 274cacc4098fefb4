"""Numbered SQL files, each applied in one transaction."""
