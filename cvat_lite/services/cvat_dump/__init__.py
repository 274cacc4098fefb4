"""A full CVAT into a store: what ``manage.py dumpdata`` writes, with its data directory.

The dump is read twice, object by object: first for what others refer to by name or need for their
own rows (``known``), then into the tables of a store beside the target (``models`` says which
field goes where). ``files`` puts the media in place, ``importing`` is the order of it all.
"""
