"""What CVAT's words mean: dataclasses, enumerations and pure arithmetic."""
