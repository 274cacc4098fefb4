"""Webhooks: made by people, told of events, and delivered in the background."""
