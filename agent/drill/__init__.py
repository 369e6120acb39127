"""The drill: a chain in one process, told from a seed, that breaks on purpose and looks whether anything was lost.

The program is the real one - tap passage, core, journal on its real database, courier, feed, signatures, the hub's
ingest on its real database. Only what lies around it is simulated, behind the ports that the program has anyway:

loop       time and threads: one thread, a clock that jumps to the next thing to do
lines      wires between register, tap and printer, and between tap and core
disk       power cuts, torn writes, full disks, on the files that SQLite really writes
network    what can happen to a question and its answer
people     who shops, and what runs
till       registers: what is sold, the receipts and Z reports they print
lane       one lane: register, tap, printer          store   one store PC
faults     what goes wrong when, drawn from the seed  world  the chain and its days
invariants what must hold                             shrink the smallest story that still breaks
ports      the chain's end, contributed by `hub` through the entry point group `tillstream.drill`
"""
