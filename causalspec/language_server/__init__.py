"""The language server behind `causalspec lsp`: what editors show of a spec while it is written."""
