"""How bytes reach a machine."""
