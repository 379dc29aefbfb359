//! The HTTP server.

mod docs;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use actix_web::{
    HttpRequest, HttpResponse, HttpServer,
    dev::Server,
    guard,
    http::{
        Method,
        header::{self, ContentType},
    },
    middleware::from_fn,
    web::{self, Bytes},
};
use tokio::sync::watch;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::{
    compose::{
        app::{Ambient, App},
        openapi, routes, worker,
    },
    kernel::{OsEntropy, SystemClock},
    tools::{
        config::Settings,
        web::{Problem, body::MAX_BODY, methods::AllowedMethods, middleware::envelope, spa::Spa},
    },
};

/// Serves until the process is told to stop.
pub fn run(settings: Settings) -> Result<(), Box<dyn std::error::Error>> {
    actix_web::rt::System::new().block_on(async move {
        let ambient = Ambient { clock: Arc::new(SystemClock), entropy: Arc::new(OsEntropy) };
        let app = App::build(settings, ambient).await?;
        if app.sandbox.is_some() {
            tracing::warn!("the sandbox is on: bank and messages are fictitious");
        }
        match app.core.db.foreign_locale().await {
            Ok(None) => {}
            Ok(Some(lc_messages)) => tracing::warn!(
                lc_messages,
                "faults of the database are read in English: ALTER ROLE … SET lc_messages = 'C'"
            ),
            Err(fault) => tracing::warn!(%fault, "lc_messages of the database is not known"),
        }
        let running = start(&app)?;
        tracing::info!(address = %running.address, "ready");
        let (stop, stopped) = watch::channel(false);
        let mut worker = actix_web::rt::spawn(worker::run(app.core.clone().into_inner(), stopped));
        tokio::select! {
            ended = running.server => ended?,
            // No code would ever be sent again: better to end, and be started anew.
            _ = &mut worker => return Err("the background worker stopped".into()),
        }
        // The last messages of the last requests leave before the process does.
        let _ = stop.send(true);
        let _ = tokio::time::timeout(Duration::from_secs(5), worker).await;
        Ok(())
    })
}

/// A server that is accepting connections.
pub struct Running {
    /// To be awaited.
    pub server: Server,
    /// Where it listens.
    pub address: std::net::SocketAddr,
}

/// Binds and starts. Port 0 takes any free one.
pub fn start(app: &App) -> std::io::Result<Running> {
    let shared = app.clone();
    let settings = &app.core.settings.server;
    let mut server = HttpServer::new(move || {
        let App { core, web, sandbox, studio, methods, spa } = shared.clone();
        let swagger = SwaggerUi::new("/docs/{_:.*}").config(Config::new([DOCUMENT]));
        actix_web::App::new()
            .app_data(core)
            .app_data(web)
            .app_data(sandbox)
            .app_data(studio)
            .app_data(methods)
            .app_data(spa)
            .app_data(web::PayloadConfig::new(MAX_BODY))
            .wrap(from_fn(envelope))
            .configure(routes::serve)
            .service(web::resource(DOCUMENT).guard(guard::Get()).to(document))
            .service(web::resource(docs::PATHS).guard(guard::Get()).to(docs::page))
            .service(swagger)
            .default_service(web::to(fallback))
    })
    .shutdown_timeout(settings.stop_seconds)
    .client_request_timeout(Duration::from_secs(10))
    .keep_alive(Duration::from_secs(75))
    .bind((settings.bind.as_str(), settings.port))?;
    if settings.workers > 0 {
        server = server.workers(settings.workers);
    }
    let address = server
        .addrs()
        .first()
        .copied()
        .ok_or_else(|| std::io::Error::other("the server is bound to no address"))?;
    Ok(Running { server: server.run(), address })
}

/// Where the OpenAPI document is.
const DOCUMENT: &str = "/docs/openapi.json";

/// The OpenAPI document. It is made when somebody first asks, and once for all
/// workers: as a tree it takes megabytes, which most nodes never need.
async fn document() -> Result<HttpResponse, Problem> {
    static TEXT: OnceLock<Bytes> = OnceLock::new();
    let text = if let Some(text) = TEXT.get() {
        text.clone()
    } else {
        let made = serde_json::to_vec(&openapi::document()).map_err(Problem::internal)?;
        TEXT.get_or_init(|| made.into()).clone()
    };
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(text))
}

/// A page of the web client, or a problem.
async fn fallback(
    request: HttpRequest,
    methods: web::Data<AllowedMethods>,
    spa: web::Data<Spa>,
) -> HttpResponse {
    let path = request.path();
    let is_data = ["/api/", "/oauth2/", "/sandbox/v1/", "/.well-known/", "/docs/"]
        .iter()
        .any(|prefix| path.starts_with(prefix));
    if path == "/docs" && request.method() == Method::GET {
        return HttpResponse::PermanentRedirect()
            .insert_header((header::LOCATION, "/docs/"))
            .finish();
    }
    let page = if is_data { None } else { spa.respond(&request) };
    page.unwrap_or_else(|| methods.refuse(&request))
}
