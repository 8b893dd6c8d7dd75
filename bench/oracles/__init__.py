"""What results of mcugraph are held against."""
