"""Programs that ``torch.export.save`` wrote, read as data: nothing in the file is run."""
