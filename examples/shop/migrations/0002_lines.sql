CREATE TABLE lines (
    order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    item TEXT NOT NULL CHECK (item <> ''),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    price_cents BIGINT NOT NULL CHECK (price_cents >= 0),
    PRIMARY KEY (order_id, item)
);
