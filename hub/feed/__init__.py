"""Central data out: files by content hash, and the manifest that names them."""
