"""What lies in memory when, and where: what pictures of a model are drawn from."""
