"""Backups of tasks and projects in CVAT's own layout: written, and restored as new ones.

``layout`` and ``entries`` are what stands in an archive, ``writing`` and ``reading`` the work of a
worker process, ``exporting`` and ``restoring`` the background requests, ``saving`` the rows.
"""
