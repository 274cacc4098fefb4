"""The use cases: they ask permission, open the transaction and emit events."""
