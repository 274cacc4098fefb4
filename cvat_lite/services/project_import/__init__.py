"""Importing a dataset into a project: new tasks, with the images and annotations of an archive.

``asking`` is the background request, ``preparing`` the work of a worker process, ``labels`` what
the dataset's labels are in the project.
"""
