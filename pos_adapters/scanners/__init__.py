"""Scanners that this machine reads itself: ours, and the till's (passed on to it unchanged). Standard library only."""
