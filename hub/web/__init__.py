"""The hub's plain pages, rendered on the server."""
