"""Paper as a picture: PNG, SVG, an HTML page, or plain text. Nothing is imported before something is rendered."""
