"""Change data capture: one connector configuration per ERP, and how it is given to Kafka Connect."""
