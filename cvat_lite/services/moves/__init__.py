"""Moving projects and tasks between this server and a full CVAT, by way of their backups."""
