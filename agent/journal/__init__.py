"""The journal: one append-only, hash-chained table on SQLCipher with one writing connection.

Layers, each importing only those above it:

queries   the named statements          records   what is appended and what is read
database  a connection, its errors      batch     what one commit holds
chain     verification                  store     head and append, one thread
recovery  open, or move aside           writer    the thread, group commit, checkpoints
reader    read-only, for desk           upkeep    retention, backup, scrub, erasure, export
"""
