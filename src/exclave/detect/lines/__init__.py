"""Lines of Azure and Google Cloud: which matter, without reading the others whole. `ways` is where a content comes in."""
