"""The encodings: what evolves, and how it decodes to an architecture."""
