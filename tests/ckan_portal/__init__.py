"""A real CKAN for tests, a proxy in front of it, and an organization with an editor: see `fixtures`."""
