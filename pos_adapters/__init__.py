"""Everything that touches a register: taps, readers of its receipts, feeds, scanners."""
