//! What a customer has spent: asked of the database once in a while, of Redis otherwise.

use redis::AsyncCommands as _;

use crate::{Error, Shop, orders};

fn key(customer: &str) -> String {
    format!("spent:{customer}")
}

/// What a customer has spent, in cents, and whether that comes from the cache.
pub(crate) async fn by(shop: &Shop, customer: &str) -> Result<(i64, bool), Error> {
    let mut cache = shop.cache.clone();
    if let Some(cents) = cache.get(key(customer)).await? {
        return Ok((cents, true));
    }
    let cents = orders::spent_cents(&shop.db, customer).await?;
    let milliseconds = u64::try_from(shop.cache_for.as_millis()).unwrap_or(u64::MAX);
    cache.pset_ex::<_, _, ()>(key(customer), cents, milliseconds).await?;
    Ok((cents, false))
}

/// What is known of a customer is out of date.
pub(crate) async fn forget(shop: &Shop, customer: &str) -> Result<(), Error> {
    Ok(shop.cache.clone().del(key(customer)).await?)
}
