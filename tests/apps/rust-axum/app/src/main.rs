use axum::{Router, routing::get};

#[tokio::main]
async fn main() {
    let database = std::env::var("DATABASE_URL").expect("DATABASE_URL is not set");
    let pool = sqlx::PgPool::connect(&database).await.unwrap();
    sqlx::migrate!().run(&pool).await.unwrap();
    let app = Router::new().route("/", get(|| async { "Hello" }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await.unwrap();
    axum::serve(listener, app).await.unwrap();
}
