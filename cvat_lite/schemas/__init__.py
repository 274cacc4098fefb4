"""The shapes on the wire, as marshmallow schemas."""
