"""Where scanning runs: in this process, or in several."""
