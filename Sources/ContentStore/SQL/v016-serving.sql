-- What holders of a key may do: `read`, or `write`, which includes it.
ALTER TABLE api_key ADD COLUMN access TEXT NOT NULL DEFAULT 'read';
