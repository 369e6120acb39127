"""The demo: hub, agent, taps, registers and printers as real processes on loopback; a story that checks itself.

Nothing of the product is replaced here: what is simulated is the shop around it (`register`, `printer`, the
`link` to the hub that can be cut). `story` runs it, `checks` judges what was seen.
"""
