"""From a tap's frames to one commit a document: what was printed, whose it is, what becomes of our block."""
