"""The store-side agent: core, desk, and the function in which their parts meet."""
