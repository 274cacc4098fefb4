"""How good annotations are: settings, requirements, reports and conflicts."""
