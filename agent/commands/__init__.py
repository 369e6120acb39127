"""The commands of `tillstream`, one module a group; each exports a typer `app`. Imported only when asked for."""
