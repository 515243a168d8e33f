"""One module a subcommand: SUMMARY, EXAMPLE, `add_arguments(parser)`, `run(options)`."""
