"""ESC/POS: the command table, an incremental tokenizer, code pages, and the encoder of what we print."""
