"""Fine-tuning: one loop for every task type."""
