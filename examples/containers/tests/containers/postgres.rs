//! PostgreSQL.

use testcontainers_modules::postgres::Postgres;
use testcontainers_modules::testcontainers::runners::AsyncRunner as _;
use testcontainers_modules::testcontainers::{ContainerAsync, ContainerRequest, ImageExt as _};
use tokio_postgres::{Client, Config, NoTls};

use crate::POSTGRES;

async fn start(image: Postgres) -> ContainerAsync<Postgres> {
    image.with_tag(POSTGRES).start().await.unwrap()
}

/// The only attempt to connect: what is ready answers.
async fn try_connect(
    container: &ContainerAsync<Postgres>,
    user: &str,
    password: &str,
    database: &str,
) -> Result<Client, tokio_postgres::Error> {
    let mut config = Config::new();
    config.host(container.get_host().await.unwrap().to_string());
    config.port(container.get_host_port_ipv4(5432).await.unwrap());
    let (client, connection) = config.user(user).password(password).dbname(database).connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn connect(container: &ContainerAsync<Postgres>, user: &str, password: &str, database: &str) -> Client {
    try_connect(container, user, password, database).await.unwrap()
}

async fn ask(client: &Client, question: &str) -> String {
    client.query_one(question, &[]).await.unwrap().get(0)
}

const WHO: &str = "SELECT current_user || ' in ' || current_database()";

#[tokio::test]
async fn defaults() {
    let container = start(Postgres::default()).await;
    let client = connect(&container, "postgres", "postgres", "postgres").await;
    assert_eq!(ask(&client, WHO).await, "postgres in postgres");
    assert_eq!(ask(&client, "SHOW fsync").await, "off", "the module's own `-c fsync=off`");
}

#[tokio::test]
async fn with_user() {
    let container = start(Postgres::default().with_user("ada")).await;
    let client = connect(&container, "ada", "postgres", "postgres").await;
    assert_eq!(ask(&client, WHO).await, "ada in postgres");
    let is_superuser = "SELECT rolsuper::text FROM pg_roles WHERE rolname = current_user";
    assert_eq!(ask(&client, is_superuser).await, "true");
}

#[tokio::test]
async fn with_db_name() {
    let container = start(Postgres::default().with_db_name("shop")).await;
    let client = connect(&container, "postgres", "postgres", "shop").await;
    assert_eq!(ask(&client, WHO).await, "postgres in shop");
}

#[tokio::test]
async fn with_password() {
    let container = start(Postgres::default().with_password("another one")).await;
    let client = connect(&container, "postgres", "another one", "postgres").await;
    assert_eq!(ask(&client, WHO).await, "postgres in postgres");
    let refused = try_connect(&container, "postgres", "postgres", "postgres").await.map(drop).unwrap_err();
    assert_eq!(refused.code().map(|code| code.code()), Some("28P01"), "{refused}");
}

#[tokio::test]
async fn with_host_auth() {
    let container = start(Postgres::default().with_host_auth()).await;
    let client = connect(&container, "postgres", "whatever", "postgres").await;
    assert_eq!(ask(&client, WHO).await, "postgres in postgres");
}

#[tokio::test]
async fn with_init_sql() {
    let image = Postgres::default()
        .with_user("ada")
        .with_db_name("shop")
        .with_init_sql("CREATE TABLE orders (id INT); INSERT INTO orders VALUES (7);".to_owned().into_bytes())
        .with_init_sql("UPDATE orders SET id = id + 1;".to_owned().into_bytes());
    let container = start(image).await;
    let client = connect(&container, "ada", "postgres", "shop").await;
    assert_eq!(ask(&client, "SELECT id::text FROM orders").await, "8", "both scripts, in their order");
}

#[tokio::test]
async fn with_settings() {
    let image: ContainerRequest<Postgres> = Postgres::default().with_tag(POSTGRES);
    let container = image.with_cmd(["-c", "max_connections=7"]).start().await.unwrap();
    let client = connect(&container, "postgres", "postgres", "postgres").await;
    assert_eq!(ask(&client, "SHOW max_connections").await, "7");
}
