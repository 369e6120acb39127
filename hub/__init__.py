"""The chain's end: receives journals, owns customers, segments, campaigns, and the fleet."""
