-- 7: taken over by another source. Runs that have nothing to send tell how many there are.
CREATE INDEX shadow_taken_over ON shadow (pid, kid, state) WHERE state = 7;
