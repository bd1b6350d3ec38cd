"""IAM policy documents: parse them, say who they let in, and evaluate single requests.

Only `exclave.model` and libraries are imported here; readers, audit and proof build on it.
"""
