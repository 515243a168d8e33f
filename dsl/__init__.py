"""Text and its tree: grammar, parser, syntax tree, diagnostics, formatter."""
