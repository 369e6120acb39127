"""From paper to a transaction: documents, kinds, roles of lines, and the arithmetic that proves them."""
