"""Templates: read with their lines, resolved for an environment, rendered for engines that resolve nothing."""
