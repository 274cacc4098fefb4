"""Buckets that users have told of: their credentials, their content, and how others read them."""
