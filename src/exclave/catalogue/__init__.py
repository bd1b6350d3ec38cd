"""The catalogue: the ways data can leave, as data (TOML) over a closed set of readers."""
