"""One module a subcommand: EXAMPLE, `add_arguments(parser)`, `run(options)`."""
