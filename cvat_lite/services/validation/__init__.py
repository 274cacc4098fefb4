"""How a task's work is checked: ground truth jobs, honeypots and validation layouts."""
