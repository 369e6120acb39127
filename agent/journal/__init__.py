"""The durable log of everything that happened in the store."""
