"""A stranger's receipt becomes a member's: the public page behind the QR code, its messages and its ledger."""
