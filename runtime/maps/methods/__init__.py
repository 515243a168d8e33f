"""The methods that a spec can name: one file each, with its featurizer and how it is built."""
