"""Other libraries: pyvene's models and data, torch's data loaders."""
