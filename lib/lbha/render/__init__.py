"""Texts derived from a declaration: one module per form, `render(declaration)` in each."""
