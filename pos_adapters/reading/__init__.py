"""Reading a printed document: which kind it is, what its lines mean, and what its own arithmetic proves. Pure."""
