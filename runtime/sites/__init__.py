"""Sites: where in a network a variable may be, what is read there and how it is written."""
