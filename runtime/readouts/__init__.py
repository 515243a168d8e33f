"""What networks tell of variables: input by input, along which sites, and in what they write."""
