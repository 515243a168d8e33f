"""What a run leaves behind: records, files, the folder of a run under way."""
