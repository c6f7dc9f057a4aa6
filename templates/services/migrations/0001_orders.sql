CREATE TABLE orders (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer TEXT NOT NULL CHECK (customer <> ''),
    cents BIGINT NOT NULL CHECK (cents > 0)
);

CREATE INDEX orders_by_customer ON orders (customer);
