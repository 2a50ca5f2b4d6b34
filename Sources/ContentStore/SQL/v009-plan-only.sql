-- compared: a plan that is only looked at has written what the destination listed into the shadow since this plan was
-- begun; whatever becomes of this one, the next run must look at everything.
ALTER TABLE plan ADD COLUMN compared INTEGER NOT NULL DEFAULT 0;
