"""What the agent does for itself: warming up, keeping house, forgetting people, being well."""
