-- Ids that gateways give their punches: unique per device for ever, with a digest that tells a repeat from a reuse.
CREATE TABLE punch_ids (
    device_id BIGINT NOT NULL REFERENCES devices (id),
    item_id   TEXT NOT NULL,
    digest    TEXT NOT NULL,
    PRIMARY KEY (device_id, item_id)
);
