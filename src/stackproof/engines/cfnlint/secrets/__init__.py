"""Finding secrets in templates: what names say, what values look like, and where intrinsic functions take values from.

Our cfn-lint rules (E9001 to E9004) share it. detect-secrets was tried for the shapes of values: its patterns have no
boundaries (a digest that holds `AC...` is a Twilio key to it), it can't see through intrinsic functions, and its
plugins import an HTTP client; so the shapes that matter here are our own.
"""
