//! The service: `DATABASE_URL` and `REDIS_URL` say what it stands on, `ADDRESS` where it listens. `shop check` only says whether what it
//! stands on is there.

use std::env;

use shop::{Shop, router};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let variable = |name: &str| env::var(name).map_err(|_| format!("`{name}` is not set"));
    let shop = Shop::open(&variable("DATABASE_URL")?, &variable("REDIS_URL")?).await?;
    if env::args().nth(1).as_deref() == Some("check") {
        println!("PostgreSQL and Redis are there");
        return Ok(());
    }
    let address = env::var("ADDRESS").unwrap_or_else(|_| "127.0.0.1:8080".into());
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let stopped = async {
        // Without it, the service is stopped the hard way.
        let _ = tokio::signal::ctrl_c().await;
    };
    axum::serve(listener, router(shop))
        .with_graceful_shutdown(stopped)
        .await?;
    Ok(())
}
