-- An item that is made anew where one was deleted is another one. `life` tells which of them a row is: the sequence number
-- with which it was made, NULL for the first of its id. A rollback that brings an item back brings its life back.
ALTER TABLE head ADD COLUMN life INTEGER;
ALTER TABLE undo ADD COLUMN old_life INTEGER;
-- plan_op.life: of the item that was looked at. shadow.life: of the item that out_hash was made of.
ALTER TABLE plan_op ADD COLUMN life INTEGER;
ALTER TABLE shadow ADD COLUMN life INTEGER;
