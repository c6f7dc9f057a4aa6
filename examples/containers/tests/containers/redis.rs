//! Redis.

use redis::AsyncCommands as _;
use testcontainers_modules::redis::{REDIS_PORT, Redis};
use testcontainers_modules::testcontainers::ImageExt as _;
use testcontainers_modules::testcontainers::runners::AsyncRunner as _;

use crate::REDIS;

#[tokio::test]
async fn defaults() {
    let container = Redis::default().with_tag(REDIS).start().await.unwrap();
    let (host, port) = (container.get_host().await.unwrap(), container.get_host_port_ipv4(REDIS_PORT).await.unwrap());
    let client = redis::Client::open(format!("redis://{host}:{port}")).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    connection.set::<_, _, ()>("answer", 42).await.unwrap();
    assert_eq!(connection.get::<_, i64>("answer").await.unwrap(), 42);
}
