"""Access as a template grants it: policies in every shape, what their statements mean, who gets them."""
