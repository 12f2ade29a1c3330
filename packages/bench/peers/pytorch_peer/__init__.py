"""What the PyTorch peer of `npm run bench` measures: models, distillation steps and the workloads made of them."""
