"""Maps fitted to interchanges: settings, loop, resume, sweep over candidate sites."""
