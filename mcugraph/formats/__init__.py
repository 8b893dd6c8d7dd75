"""Front-ends: model files translated to graphs, and nothing more."""
