//! The built web client, held in memory with its precompressed copies.
//!
//! A reverse proxy does this better for many users (see `docker-compose.yml`);
//! here one binary serves a laptop or a small city without one.

use std::{collections::HashMap, fs, io, path::Path};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method,
        header::{self, HeaderName, HeaderValue},
    },
    web::Bytes,
};

use crate::tools::crypto::blind::token_hash;

/// What only the web client's files have of the headers that `deploy/nginx.conf`
/// gives them; the rest is every answer's.
const PAGE_HEADERS: [(HeaderName, &str); 3] = [
    // It loads itself, and nothing written into the page.
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; media-src 'self'; \
         manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; \
         require-trusted-types-for 'script'; trusted-types vue",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// The files of the web client.
#[derive(Debug, Default)]
pub struct Spa(HashMap<String, Asset>);

#[derive(Debug)]
struct Asset {
    content_type: &'static str,
    etag: String,
    /// The name holds a hash of the content, so it never changes.
    immutable: bool,
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
}

impl Spa {
    /// Reads the folder that the web client was built into.
    pub fn load(folder: &Path) -> io::Result<Self> {
        let mut files = HashMap::new();
        collect(folder, folder, &mut files)?;
        if !files.contains_key("index.html") {
            return Err(io::Error::new(io::ErrorKind::NotFound, "index.html is missing"));
        }
        let mut assets = HashMap::new();
        for (name, bytes) in &files {
            let copy_of = name.strip_suffix(".br").or_else(|| name.strip_suffix(".gz"));
            if copy_of.is_some() {
                continue;
            }
            let hash = token_hash(&String::from_utf8_lossy(bytes));
            let asset = Asset {
                content_type: content_type(name),
                etag: format!("\"{}\"", hash.get(..16).unwrap_or_default()),
                immutable: name.starts_with("assets/"),
                plain: bytes.clone(),
                brotli: files.get(&format!("{name}.br")).cloned(),
                gzip: files.get(&format!("{name}.gz")).cloned(),
            };
            assets.insert(name.clone(), asset);
        }
        Ok(Self(assets))
    }

    /// The file or page at the request's path, if there is one. Paths that are
    /// no file are pages of the client, which routes by itself.
    pub fn respond(&self, request: &HttpRequest) -> Option<HttpResponse> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return None;
        }
        let path = request.path().trim_start_matches('/');
        let asset = match self.0.get(path) {
            Some(asset) => asset,
            // A missing file is not answered with a page.
            None if path.rsplit('/').next().is_some_and(|name| name.contains('.')) => return None,
            None => self.0.get("index.html")?,
        };
        Some(asset.respond(request))
    }
}

impl Asset {
    fn respond(&self, request: &HttpRequest) -> HttpResponse {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let mut response = HttpResponse::Ok();
        response
            .insert_header((header::ETAG, self.etag.as_str()))
            .insert_header((header::VARY, HeaderValue::from_static("Accept-Encoding")))
            .insert_header((
                header::CACHE_CONTROL,
                if self.immutable { "public, max-age=31536000, immutable" } else { "no-cache" },
            ));
        for named in PAGE_HEADERS {
            response.insert_header(named);
        }
        if header(header::IF_NONE_MATCH) == Some(self.etag.as_str()) {
            return response.status(actix_web::http::StatusCode::NOT_MODIFIED).finish();
        }
        let accepted = header(header::ACCEPT_ENCODING).unwrap_or_default();
        let (encoding, body) = match (&self.brotli, &self.gzip) {
            (Some(brotli), _) if accepts(accepted, "br") => (Some("br"), brotli),
            (_, Some(gzip)) if accepts(accepted, "gzip") => (Some("gzip"), gzip),
            _ => (None, &self.plain),
        };
        if let Some(encoding) = encoding {
            response.insert_header((header::CONTENT_ENCODING, encoding));
        }
        response.content_type(self.content_type).body(body.clone())
    }
}

/// Whether `Accept-Encoding` names `coding` without forbidding it.
fn accepts(header: &str, coding: &str) -> bool {
    header.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        parts.next() == Some(coding) && parts.next().is_none_or(|weight| weight != "q=0")
    })
}

fn collect(root: &Path, folder: &Path, files: &mut HashMap<String, Bytes>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if let Ok(name) = path.strip_prefix(root) {
            files.insert(name.to_string_lossy().into_owned(), fs::read(&path)?.into());
        }
    }
    Ok(())
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("webmanifest") => "application/manifest+json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
