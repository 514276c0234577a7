-- Question: what did a shop show at an instant, and what could really be sold then?
-- Grain: one row per sample, channel and SKU for which both are known.
-- Columns: sample_id, sku, channel, platform, observed_at; shown = units the shop showed; sellable = units that could be sold
--   at that instant; difference = shown - sellable; is_wrong = they differ.
CREATE OR REPLACE VIEW listing_samples AS
WITH
    seen AS
    (
        SELECT
            sample_id,
            sku,
            channel,
            any(listings.platform) AS platform,
            argMin(quantity, (listings.observed_at, _offset)) AS shown,
            min(listings.observed_at) AS observed_at
        FROM listings
        WHERE sample_id != ''
        GROUP BY sample_id, sku, channel
    ),
    really AS
    (
        SELECT sample_id, sku, argMin(truth.sellable, _offset) AS sellable
        FROM truth
        WHERE sample_id != ''
        GROUP BY sample_id, sku
    )
SELECT
    sample_id,
    sku,
    channel,
    platform,
    observed_at,
    shown,
    sellable,
    shown - sellable AS difference,
    shown != sellable AS is_wrong
FROM seen
INNER JOIN really USING (sample_id, sku);
