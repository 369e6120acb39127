"""`tillstream setup`: from a bare PC to a store that prints its first offer, asked in a terminal or told by flags."""
