"""HTTP in: signed webhooks become durable records, or a typed refusal."""
