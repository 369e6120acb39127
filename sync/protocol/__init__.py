"""What both ends must agree on: messages, the hash chain, signatures, tokens, the file of the mirror."""
