"""The single facts that a rule of `retail/segments.py` may ask."""
