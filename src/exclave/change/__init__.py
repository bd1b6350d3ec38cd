"""Changes to a cloud: what is planned, the saved state before, applying, undoing. The only code that holds a client which writes."""
