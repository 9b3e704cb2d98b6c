use actix_web::{App, HttpServer, web};

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::var("PORT").unwrap_or("8080".into()).parse().unwrap();
    HttpServer::new(|| App::new().route("/", web::get().to(|| async { store::GREETING })))
        .bind(("0.0.0.0", port))?
        .run()
        .await
}
