"""The virtual address of one resource: where it belongs, and what is done with it."""
