-- Forgets what a deleted link has on days that its deletion did not know of yet.
-- KEYS: what is set aside, then for each day its part and its visitors
-- ARGV: the link's key, the days
forget_counts(ARGV[1], 1, 1)
return 1
