"""How the program is replaced: trusted through TUF, tried in a slot, confirmed or taken back."""
