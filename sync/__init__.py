"""Store and hub: the wire, the courier that uploads, the mirror of central data."""
