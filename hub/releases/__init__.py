"""The chain's releases of the program, signed in roles (The Update Framework), for stores to fetch."""
