"""The network of a template: address ranges, security groups, subnets and their routes, endpoints, zones."""
