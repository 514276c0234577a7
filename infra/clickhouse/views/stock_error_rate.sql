-- Question: how often, and by how much, do the shops show another quantity than can be sold?
-- Grain: one row per platform, and one with platform 'all' over everything. No row without a compared listing.
-- Columns: platform; listings = listings compared; wrong = those whose shown quantity differs; error_rate = wrong / listings;
--   units_wrong = sum of |shown - sellable|; units_sellable = sum of sellable; unit_error_rate = units_wrong /
--   units_sellable (NULL if nothing was sellable).
CREATE OR REPLACE VIEW stock_error_rate AS
SELECT
    if(grouping(listing_samples.platform) = 1, 'all', toString(listing_samples.platform)) AS platform,
    count() AS listings,
    countIf(is_wrong) AS wrong,
    wrong / listings AS error_rate,
    sum(abs(difference)) AS units_wrong,
    sum(sellable) AS units_sellable,
    units_wrong / nullIf(units_sellable, 0) AS unit_error_rate
FROM listing_samples
GROUP BY GROUPING SETS ((listing_samples.platform), ())
HAVING listings > 0;
