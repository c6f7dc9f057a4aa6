CREATE TABLE orders (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer TEXT NOT NULL CHECK (customer <> ''),
    placed_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE INDEX orders_by_customer ON orders (customer);
